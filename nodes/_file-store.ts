import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { type FileStore, openFileStore } from '../lib/store/file-store.js';
import { openLevel } from '../lib/store/level-database.js';

/** The one store of a runtime, for all of its nodes: a LevelDB can be opened once. */
export interface FileStoreShare {
  /** The store, held open for `user` until it lets go. */
  hold(user: object): FileStore;
  /** Resolves when all that was noted is written, or cannot be; whoever lets go last closes the store. */
  letGo(user: object): Promise<void>;
}

type Runtime = Pick<NodeAPI, 'events' | 'settings' | 'log'>;

const shares = new WeakMap<EventEmitter, FileStoreShare>();

/** The store's share of a runtime; nothing is opened before a node reads or writes. */
export function fileStoreOf({ events, settings, log }: Runtime): FileStoreShare {
  const known = shares.get(events);
  if (known !== undefined) return known;
  const users = new Set<object>();
  let store: FileStore | undefined;
  let closed: Promise<void> = Promise.resolve();
  const open = () =>
    openFileStore({
      folder: settings.userDir === undefined ? undefined : join(settings.userDir, 'immich-bridge', 'store'),
      onProblem: ({ message }) => log.warn(`[immich-bridge] ${message}`),
      async open(folder) {
        await closed;
        return openLevel(folder);
      },
    });
  const share: FileStoreShare = {
    hold(user) {
      users.add(user);
      store ??= open();
      return store;
    },
    async letGo(user) {
      if (!users.delete(user) || store === undefined) return;
      if (users.size > 0) return store.flush();
      closed = store.close();
      store = undefined;
      await closed;
    },
  };
  shares.set(events, share);
  return share;
}
