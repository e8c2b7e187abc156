import { readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, isGone } from './file-io.js';

/** A small value on disk that may be lost without losing a photo. */
export interface JsonFile<Value> {
  /** What the file held when it was opened; undefined when there was none, or nothing that could be understood. */
  readonly initial: Value | undefined;
  /** Why a file that is there could not be used: the file system's code, or `damaged`; undefined when it could. */
  readonly problem: string | undefined;
  /**
   * Replaces the file, whole or not at all. Calls that come while another is at work are one write of the last value.
   * Resolves when this value, or a later one, is on disk; the value must not be changed until then.
   * @throws the file system's error
   */
  save(value: Value): Promise<void>;
  /**
   * Deletes the file, and what an interrupted write left of it, once no write is at work. No file is no error.
   * @throws the file system's error
   */
  remove(): Promise<void>;
}

/**
 * Opens a file of JSON; `parse` turns what is in it into a value, or answers undefined. Without a path nothing is
 * kept. Nothing is written before the first `save`, and no file, however broken, makes this throw.
 */
export function openJsonFile<Value>(
  path: string | undefined,
  parse: (content: unknown) => Value | undefined,
): JsonFile<Value> {
  if (path === undefined) {
    const done = () => Promise.resolve();
    return { initial: undefined, problem: undefined, save: done, remove: done };
  }
  let next: { readonly value: Value } | undefined;
  let writing: Promise<void> | undefined;
  async function writeAll(target: string): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    while (next !== undefined) {
      const { value } = next;
      next = undefined;
      // A later value gets its own try: the disk may have room again.
      failure = await replaceFile(target, value).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
    }
    writing = undefined;
    if (failure !== undefined) throw failure.error;
  }
  return {
    ...readInitial(path, parse),
    save(value) {
      next = { value };
      writing ??= writeAll(path);
      return writing;
    },
    async remove() {
      next = undefined;
      await writing?.catch(() => undefined); // Whoever saved hears of it.
      await rm(path, { force: true });
      await rm(halfOf(path), { force: true });
    },
  };
}

function readInitial<Value>(
  path: string,
  parse: (content: unknown) => Value | undefined,
): Pick<JsonFile<Value>, 'initial' | 'problem'> {
  try {
    const initial = parse(JSON.parse(readFileSync(path, 'utf8')));
    return { initial, problem: initial === undefined ? 'damaged' : undefined };
  } catch (error) {
    const code = errorCode(error);
    return { initial: undefined, problem: isGone(error) ? undefined : (code ?? 'damaged') };
  }
}

/** Where a value is written before it takes the place of the old one. */
function halfOf(path: string): string {
  return `${path}.new`;
}

async function replaceFile(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const half = halfOf(path);
  try {
    const file = await open(half, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(value));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(half, path);
  } catch (error) {
    // A full disk needs the room. Why it failed matters more than a leftover.
    await rm(half, { force: true }).catch(() => undefined);
    throw error;
  }
}
