import { percent } from '../gpu-sample.js';
import type { SysfsFolder } from './sysfs-folder.js';

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

/** A sensor's number in the unit of a reading. */
export function scaled(value: number | null, unit: number): number | null {
  return value === null ? null : value / unit;
}

/** A part of a whole in percent. */
export function share(value: number | null, whole: number | null): number | null {
  return value === null || whole === null || whole <= 0 ? null : percent((100 * value) / whole);
}
