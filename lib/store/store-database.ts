import { type Database, hasDroppedRecords, openLevel, toChange } from './level-database.js';
import { isHeadless, setAside } from './set-aside.js';
import { type StoreProblem, type StoreTrouble, sayLost, sayTrouble, troubleOf } from './store-problem.js';
import { seal, unseal } from './store-record.js';

export type Fields = readonly unknown[];

export interface StoreDatabaseOptions {
  /** Where it lies, absolute; undefined keeps nothing. */
  readonly folder: string | undefined;
  /** Told once a trouble, and anew only after it went well. */
  readonly onProblem: (problem: StoreProblem) => void;
  readonly open?: (folder: string) => Promise<Database>;
  /** For so long changes wait for others, in milliseconds; `kill -9` costs no more than that. */
  readonly everyMs?: number;
  /** After so long a database that could not be used is tried again. */
  readonly againMs?: number;
  readonly now?: () => Date;
  readonly clock?: () => number;
}

/** Sealed records under text keys. Nothing of it throws or waits for the disk, except for who reads. */
export interface StoreDatabase {
  /** The records of these keys, in their order; undefined for what is not there or cannot be read. */
  getMany(keys: readonly string[]): Promise<(Fields | undefined)[]>;
  put(key: string, fields: Fields): void;
  remove(key: string): void;
  /** All records whose key begins so (with a NUL at its end), in order, or from a key on; ends early when it must. */
  entries(start: string, from?: string): AsyncGenerator<[string, Fields]>;
  /** Whether it can be used; opens it if need be. */
  isUsable(): Promise<boolean>;
  /** Writes what waits; resolves when that is done, or cannot be. */
  flush(): Promise<void>;
  /** Writes what waits and lets go of the folder. */
  close(): Promise<void>;
}

const MOST_AT_ONCE = 1_000;
/** So many changes wait for a database that cannot be written; older ones are forgotten. */
const MOST_WAITING = 10_000;
const MOST_SET_ASIDE = 3;

/** Makes a database that is opened when it is first used. */
export function openStoreDatabase(options: StoreDatabaseOptions): StoreDatabase {
  const { folder, open = openLevel, everyMs = 1_000, againMs = 60_000 } = options;
  const { now = () => new Date(), clock = () => performance.now() } = options;
  /** By key, the sealed value to be written; null to be deleted. */
  const waiting = new Map<string, string | null>();
  const told = new Set<StoreTrouble>();
  let opened: Promise<Database | undefined> | undefined;
  let notBefore = 0;
  let setAsideCount = 0;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  function database(): Promise<Database | undefined> {
    if (opened !== undefined) return opened;
    if (folder === undefined || isClosed || clock() < notBefore) return Promise.resolve(undefined);
    opened = begin(folder);
    return opened;
  }

  async function begin(place: string): Promise<Database | undefined> {
    try {
      if (await isHeadless(place))
        throw Object.assign(new Error('CURRENT is missing'), { code: 'LEVEL_CORRUPTION' });
      const db = await open(place);
      if (await hasDroppedRecords(place)) options.onProblem(sayLost(place));
      return db;
    } catch (error) {
      return (await recover(error, place)) ? begin(place) : undefined;
    }
  }

  /** Whether it can be opened anew at once, because the damaged one is out of the way. */
  async function recover(error: unknown, place: string): Promise<boolean> {
    let [kind, cause] = [troubleOf(error), error];
    if (kind === 'damaged' && setAsideCount < MOST_SET_ASIDE) {
      setAsideCount += 1;
      try {
        options.onProblem(sayTrouble('damaged', await setAside(place, now()), error));
        return true;
      } catch (failure) {
        [kind, cause] = ['unusable', failure];
      }
    }
    opened = undefined;
    notBefore = clock() + againMs;
    if (!told.has(kind)) options.onProblem(sayTrouble(kind, place, cause));
    told.add(kind);
    return false;
  }

  /** Lets go of a database that failed; after a failed write LevelDB takes none until it is opened anew. */
  async function failed(db: Database, error: unknown): Promise<void> {
    if (folder === undefined || isClosed || (await opened) !== db) return;
    opened = (async () => {
      await db.close().catch(() => undefined); // It failed already.
      return (await recover(error, folder)) ? begin(folder) : undefined;
    })();
    await opened;
  }

  /** What `use` gives; undefined when there is no database, or it fails. */
  async function using<Result>(use: (db: Database) => Promise<Result>): Promise<Result | undefined> {
    const db = await database();
    if (db === undefined) return undefined;
    try {
      return await use(db);
    } catch (error) {
      await failed(db, error);
      return undefined;
    }
  }

  function change(key: string, value: string | null): void {
    if (folder === undefined || isClosed) return;
    waiting.delete(key);
    waiting.set(key, value);
    for (const [oldest] of waiting) {
      if (waiting.size <= MOST_WAITING) break;
      waiting.delete(oldest);
    }
    if (waiting.size >= MOST_AT_ONCE && writing === undefined && clock() >= notBefore) void flush();
    else timer ??= setTimeout(() => void flush(), everyMs).unref();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing ??= writeAll().finally(() => {
      writing = undefined;
    });
    return writing;
  }

  async function writeAll(): Promise<void> {
    while (waiting.size > 0) {
      const some = [...waiting].slice(0, MOST_AT_ONCE);
      const isWritten = await using(async (db) => {
        await db.batch(some.map(toChange));
        return true;
      });
      // It stays in hand and is tried with what comes next.
      if (isWritten !== true) return;
      told.clear();
      for (const [key, value] of some) if (waiting.get(key) === value) waiting.delete(key);
    }
  }

  function readSealed(key: string, value: string | null | undefined): Fields | undefined {
    if (value === null || value === undefined) return undefined;
    const fields = unseal(key, value);
    if (fields !== undefined) return fields;
    options.onProblem(sayLost(folder ?? ''));
    change(key, null);
    return undefined;
  }

  return {
    async getMany(keys) {
      const values = keys.map((key) => waiting.get(key));
      const missing = keys.filter((_, index) => values[index] === undefined);
      const read = missing.length === 0 ? [] : ((await using((db) => db.getMany(missing))) ?? []);
      const stored = new Map(missing.map((key, index) => [key, read[index]]));
      return keys.map((key, index) =>
        readSealed(key, values[index] === undefined ? stored.get(key) : values[index]),
      );
    },
    put: (key, fields) => change(key, seal(key, fields)),
    remove: (key) => change(key, null),
    async *entries(start, from = start) {
      await flush();
      const db = await database();
      if (db === undefined) return;
      const range = db.iterator({ gte: from, lt: `${start.slice(0, -1)}\x01` });
      try {
        for await (const [key, value] of range) {
          const fields = readSealed(key, value);
          if (fields !== undefined) yield [key, fields];
        }
      } catch (error) {
        await failed(db, error);
      } finally {
        await range.close().catch(() => undefined); // It ended with its database.
      }
    },
    isUsable: async () => (await database()) !== undefined,
    flush,
    async close() {
      await flush();
      isClosed = true;
      clearTimeout(timer);
      await (await opened)?.close().catch(() => undefined); // Nobody can do anything about it any more.
    },
  };
}
