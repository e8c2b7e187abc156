import { randomUUID } from 'node:crypto';
import type { NodeAPI, NodeMessage } from 'node-red';
import type { Failure } from '../lib/monitor/failure-rows.js';
import { say, sayingAsAlways } from '../lib/say.js';
import { fileFlowOf } from './_file-flow.js';
import { monitorOf, type RuntimeMonitor } from './_monitor.js';

/** What the sidebar can ask for. Each resolves when it is done, and throws a sentence when it cannot be. */
export interface SidebarCommands {
  pause(isPaused: boolean): Promise<void>;
  retry(id: number): Promise<void>;
  dismiss(id: number): Promise<void>;
  retryAll(): Promise<void>;
}

/** Thrown with a sentence for whoever looks at the sidebar. */
export class SidebarError extends Error {
  readonly code = 'sidebar';
}

/** So long a node may take to answer. */
const PATIENCE_MS = 10_000;

/** Makes the commands of the sidebar: they reach a node as every message on its wire does. */
export function sidebarCommands(RED: NodeAPI): SidebarCommands {
  const monitor = monitorOf(RED.events);
  const flow = fileFlowOf(RED.events);
  const isUploader = (node: string) => monitor.uploaders().includes(node);

  async function ask(node: string, name: string, payload: unknown = ''): Promise<void> {
    const target = RED.nodes.getNode(node);
    if (!target) throw new SidebarError(say`The node is gone: deploy the flows, then try again.`);
    const id = `sidebar-${randomUUID()}`;
    const answered = monitor.answerTo(id, PATIENCE_MS);
    const msg = { topic: `command/${name}`, payload, command: { id } } as NodeMessage;
    sayingAsAlways(() => target.receive(msg));
    const answer = await answered;
    if (answer === undefined)
      throw new SidebarError(say`The node did not answer. Look at its status and the log.`);
    if (!answer.isOk) throw new SidebarError(answer.error ?? say`The node refused.`);
  }

  return {
    async pause(isPaused) {
      const nodes = monitor.uploaders();
      if (nodes.length === 0)
        throw new SidebarError(say`There is no immich-upload node in the deployed flows.`);
      await Promise.all(nodes.map((node) => ask(node, isPaused ? 'pause' : 'resume')));
    },
    async retry(id) {
      const { path, row } = shown(monitor, id);
      if (isUploader(row.node)) await ask(row.node, 'retry', { path });
      // folder-watch looks at it anew, and it makes its way once more.
      else flow.handBack([path]);
      monitor.settle(path);
    },
    async dismiss(id) {
      const { path, row } = shown(monitor, id);
      if (isUploader(row.node)) await ask(row.node, 'dismiss', { path });
      monitor.settle(path);
    },
    async retryAll() {
      await Promise.all(monitor.uploaders().map((node) => ask(node, 'retry')));
      const others = monitor.failures().filter(({ row }) => !isUploader(row.node));
      flow.handBack(others.map(({ path }) => path));
      for (const { path } of monitor.failures()) monitor.settle(path);
    },
  };
}

function shown(monitor: RuntimeMonitor, id: number): Failure {
  const failure = monitor.failure(id);
  if (failure === undefined) throw new SidebarError(say`This file is no longer among the failures.`);
  return failure;
}
