import type { EventEmitter } from 'node:events';
import type { AreSettled } from '../lib/watch/settled-files.js';
import type { NodeTools } from './_node-tools.js';

/** What the nodes of a runtime do with files, as far as it decides what a restart may leave alone. */
export interface FileParts {
  /** An archive-move leaves originals where they are. */
  keeps(node: string, signal: AbortSignal): void;
  /** An archive-move moves originals into this folder. */
  archives(folder: string, signal: AbortSignal): void;
  /** Folders that originals are moved into. */
  archiveFolders(): readonly string[];
  /** An immich-upload sends to the library with this `serverId`. */
  sendsTo(server: string, signal: AbortSignal): void;
  /** Nodes that leave originals where they are, and libraries that are sent to, once the flows run or `signal` ends. */
  settled(signal: AbortSignal): Promise<{ keepers: ReadonlySet<string>; servers: readonly string[] }>;
}

const parts = new WeakMap<EventEmitter, FileParts>();

/** The parts of the runtime with these events; to be asked for before the flows start. */
export function filePartsOf(events: EventEmitter): FileParts {
  const known = parts.get(events);
  if (known !== undefined) return known;
  const [keepers, servers, archives] = [
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
  ];
  let isRunning = false;
  events.on('flows:stopping', () => {
    isRunning = false;
  });
  const waiting = new Set<() => void>();
  events.on('flows:started', () => {
    isRunning = true;
    for (const go of waiting) go();
    waiting.clear();
  });
  const made: FileParts = {
    keeps: (node, signal) => count(keepers, node, signal),
    archives: (folder, signal) => count(archives, folder, signal),
    archiveFolders: () => [...archives.keys()],
    sendsTo: (server, signal) => count(servers, server, signal),
    async settled(signal) {
      if (!isRunning && !signal.aborted) {
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      return { keepers: new Set(keepers.keys()), servers: [...servers.keys()] };
    },
  };
  parts.set(events, made);
  return made;
}

/** Makes what answers whether files were dealt with before a restart, once the flows run. */
export function settledFilesOf({
  parts: known,
  signal,
  fileStore,
}: Pick<NodeTools<unknown>, 'parts' | 'signal' | 'fileStore'>): AreSettled {
  const store = fileStore();
  return async (files) => {
    const { keepers, servers } = await known.settled(signal);
    return keepers.size === 0 ? [] : store.areKept(servers, keepers, files);
  };
}

function count(names: Map<string, number>, name: string, signal: AbortSignal): void {
  names.set(name, (names.get(name) ?? 0) + 1);
  signal.addEventListener(
    'abort',
    () => {
      const left = (names.get(name) ?? 1) - 1;
      if (left === 0) names.delete(name);
      else names.set(name, left);
    },
    { once: true },
  );
}
