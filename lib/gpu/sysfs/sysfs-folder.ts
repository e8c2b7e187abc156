import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from '../../say.js';

/** Thrown when the kernel says that a device sleeps: to read on would wake it. */
export class AsleepError extends Error {
  readonly code = 'asleep';
}

/** A folder of /sys. What is not there, or cannot be read, is null: each card and each kernel has other files. */
export interface SysfsFolder {
  /** @throws AsleepError when the device behind it sleeps */
  text(file: string): Promise<string | null>;
  number(file: string): Promise<number | null>;
  list(): Promise<string[]>;
  folder(path: string): SysfsFolder;
}

export function sysfsFolder(path: string): SysfsFolder {
  const text = async (file: string) => {
    try {
      return (await readFile(join(path, file), 'utf8')).trim();
    } catch (error) {
      if (isBusy(error))
        throw new AsleepError(say`${join(path, file)} cannot be read while the device sleeps.`);
      return null;
    }
  };
  return {
    text,
    async number(file) {
      const content = await text(file);
      return content !== null && /^-?\d+$/.test(content) ? Number(content) : null;
    },
    async list() {
      try {
        return (await readdir(path)).sort();
      } catch {
        return []; // Not there: no such hardware, or no such kernel.
      }
    },
    folder: (below) => sysfsFolder(join(path, below)),
  };
}

/** Whether a device sleeps, told without waking it; false where the kernel does not say. */
export async function isAsleep(device: SysfsFolder): Promise<boolean> {
  return /^suspend/.test((await device.text('power/runtime_status')) ?? '');
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EBUSY';
}
