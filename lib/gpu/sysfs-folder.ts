import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

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
      if (isBusy(error)) throw new AsleepError(`${join(path, file)} cannot be read while the device sleeps.`);
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

/** The temperatures, fans, clocks and powers of a device's sensors by their labels, and by file (`temp1`) without one. */
export interface Sensors {
  /** `kind` and `what` as in the files: `temp`, `input`. Null when there is no sensor with one of these labels. */
  value(kind: string, what: string, ...labels: string[]): Promise<number | null>;
  number(file: string): Promise<number | null>;
}

/** The sensors of a device, of its first hwmon folder. */
export async function sensorsOf(device: SysfsFolder): Promise<Sensors> {
  const [first] = await device.folder('hwmon').list();
  if (first === undefined) return { value: async () => null, number: async () => null };
  const hwmon = device.folder(`hwmon/${first}`);
  const files = await hwmon.list();
  const fileOf = new Map<string, string>();
  for (const file of files) {
    const [, sensor, kind] = /^(([a-z]+)\d+)_(?:input|average)$/.exec(file) ?? [];
    if (sensor === undefined || kind === undefined) continue;
    const label = files.includes(`${sensor}_label`) ? await hwmon.text(`${sensor}_label`) : sensor;
    fileOf.set(`${kind} ${label}`, sensor);
  }
  return {
    number: hwmon.number,
    async value(kind, what, ...labels) {
      for (const label of labels) {
        const sensor = fileOf.get(`${kind} ${label}`);
        const value = sensor === undefined ? null : await hwmon.number(`${sensor}_${what}`);
        if (value !== null) return value;
      }
      return null;
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EBUSY';
}
