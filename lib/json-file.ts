import { readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A small value on disk that may be lost without losing a photo. */
export interface JsonFile<Value> {
  /** What the file held when it was opened; undefined when there was none, or nothing that could be understood. */
  readonly initial: Value | undefined;
  /**
   * Replaces the file, whole or not at all. Calls that come while another is at work are one write of the last value.
   * Resolves when this value, or a later one, is on disk.
   * @throws the file system's error
   */
  save(value: Value): Promise<void>;
}

/**
 * Opens a file of JSON; `parse` turns what is in it into a value, or answers undefined. Without a path nothing is
 * kept. Nothing is written before the first `save`.
 */
export function openJsonFile<Value>(
  path: string | undefined,
  parse: (content: unknown) => Value | undefined,
): JsonFile<Value> {
  let next: Value | undefined;
  let writing: Promise<void> | undefined;
  async function writeAll(target: string): Promise<void> {
    try {
      while (next !== undefined) {
        const value = next;
        next = undefined;
        await replaceFile(target, JSON.stringify(value));
      }
    } finally {
      writing = undefined;
    }
  }
  return {
    initial: path === undefined ? undefined : readInitial(path, parse),
    save(value) {
      if (path === undefined) return Promise.resolve();
      next = value;
      writing ??= writeAll(path);
      return writing;
    },
  };
}

function readInitial<Value>(path: string, parse: (content: unknown) => Value | undefined): Value | undefined {
  try {
    return parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    // A damaged file is as good as none: the next save replaces it.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const half = `${path}.new`;
  const file = await open(half, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(half, path);
}
