import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { NodeMessage, NodeStatus } from 'node-red';
import helper from 'node-red-node-test-helper';
import { afterAll, afterEach, beforeAll } from 'vitest';

/** Where nodes stand: on a real tab, because one without a place counts as a config node. */
export const ON_TAB = { z: 'tab', x: 1, y: 1 } as const;

/** The tab and a Catch node that sends to the helper node `caught`. */
export const TAB_WITH_CATCH = [
  { id: 'tab', type: 'tab', label: 'test' },
  { ...ON_TAB, id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['caught']] },
  { ...ON_TAB, id: 'caught', type: 'helper', wires: [] },
];

/** Starts Node-RED's runtime for the tests of a file, and unloads the flow after each. */
export function useNodeRed(): typeof helper {
  helper.init(createRequire(import.meta.url).resolve('node-red'));
  beforeAll(() => new Promise<void>((started) => helper.startServer(started)));
  afterEach(() => helper.unload());
  afterAll(() => new Promise<void>((stopped) => helper.stopServer(stopped)));
  return helper;
}

/** Node-RED's own event bus. */
export function runtimeEvents(): EventEmitter {
  const { events } = createRequire(import.meta.url)('node-red') as typeof import('node-red');
  return events;
}

/** Collects all that a helper node receives from now on. */
export function collect(id: string): NodeMessage[] {
  const messages: NodeMessage[] = [];
  helper.getNode(id).on('input', (msg) => messages.push(msg));
  return messages;
}

/** Collects the statuses of a node from now on; RED._ gives back the keys in these tests. */
export function collectStatuses(id: string): NodeStatus[] {
  const statuses: NodeStatus[] = [];
  const node: EventEmitter = helper.getNode(id);
  node.on('call:status', (call: { firstArg: NodeStatus }) => statuses.push(call.firstArg));
  return statuses;
}
