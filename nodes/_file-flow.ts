import type { EventEmitter } from 'node:events';
import type { NodeMessage } from 'node-red';
import { fieldsOf, textOf } from '../lib/fields.js';
import type { Output } from './_node-tools.js';

const RETURNED = 'immich-bridge:files-returned';

/** What carries a file on to the next node. */
const ONWARD = new Set<unknown>(['file/found', 'file/stable', 'file/uploaded']);

/** The way of files between the nodes of a runtime, over its deploys. */
export interface FileFlow {
  /**
   * Sends; but while the flows stop or start, a file is handed back instead, because the next node may be gone, and
   * Node-RED drops without a word what is sent to it.
   */
  pass(output: NonNullable<Output>, send: (output: NonNullable<Output>) => void): void;
  /** Hands files back: folder-watch looks at them anew. */
  handBack(paths: readonly string[]): void;
  /** Calls back with files that were handed back: at once while the flows run, else when they do again. */
  onHandedBack(handler: (paths: readonly string[]) => void, signal: AbortSignal): void;
}

const flows = new WeakMap<EventEmitter, FileFlow>();

/** The file flow of the runtime with these events; it must be asked for before the flows start. */
export function fileFlowOf(events: EventEmitter): FileFlow {
  const known = flows.get(events);
  if (known !== undefined) return known;
  let isRunning = false;
  events.on('flows:started', () => {
    isRunning = true;
  });
  events.on('flows:stopping', () => {
    isRunning = false;
  });
  const flow: FileFlow = {
    pass(output, send) {
      const paths = isRunning ? [] : messagesOf(output).flatMap(onwardPaths);
      if (paths.length > 0) flow.handBack(paths);
      else send(output);
    },
    handBack(paths) {
      if (paths.length > 0) events.emit(RETURNED, paths);
    },
    onHandedBack(handler, signal) {
      const waiting = new Set<string>();
      const deliver = () => {
        const paths = [...waiting];
        waiting.clear();
        if (paths.length > 0 && !signal.aborted) handler(paths);
      };
      const collect = (paths: readonly string[]) => {
        for (const path of paths) waiting.add(path);
        if (isRunning) setImmediate(deliver);
      };
      events.on(RETURNED, collect);
      events.on('flows:started', deliver);
      signal.addEventListener('abort', () => {
        events.off(RETURNED, collect);
        events.off('flows:started', deliver);
      });
    },
  };
  flows.set(events, flow);
  return flow;
}

/** The path of the file that a message tells of, if it does. */
export function pathOf({ payload }: NodeMessage): string[] {
  if (typeof payload === 'string') return [payload];
  const path =
    typeof payload === 'object' && payload !== null && 'path' in payload ? payload.path : undefined;
  return typeof path === 'string' ? [path] : [];
}

/** The paths of that file and of all that travel with it. */
export function pathsOf(msg: NodeMessage): string[] {
  const { companions } = fieldsOf(msg.payload);
  const others = Array.isArray(companions)
    ? companions.flatMap((one) => textOf(fieldsOf(one).path) ?? [])
    : [];
  return [...pathOf(msg), ...others];
}

function onwardPaths(msg: NodeMessage): string[] {
  return ONWARD.has(msg.topic) ? pathsOf(msg) : [];
}

function messagesOf(output: NonNullable<Output>): NodeMessage[] {
  return [output].flat(2).filter((msg) => msg !== null);
}
