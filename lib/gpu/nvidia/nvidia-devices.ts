import { join } from 'node:path';
import { pciSlot } from '../gpu-sample.js';
import { isAsleep, type SysfsFolder, sysfsFolder } from '../sysfs/sysfs-folder.js';

/** An NVIDIA GPU on the PCI bus, whether a driver has it or not. */
export interface NvidiaDevice {
  readonly slot: string;
  readonly device: SysfsFolder;
}

/** The NVIDIA GPUs on the PCI bus below `root`; null where there is no such bus to look at. */
export async function listNvidiaDevices(root: string): Promise<NvidiaDevice[] | null> {
  const bus = sysfsFolder(join(root, 'sys/bus/pci/devices'));
  const slots = await bus.list();
  if (slots.length === 0) return null;
  const found = await Promise.all(
    slots.map(async (slot) => {
      const device = bus.folder(slot);
      if ((await device.text('vendor')) !== '0x10de') return [];
      const isDisplay = (await device.text('class'))?.startsWith('0x03') === true;
      return isDisplay ? [{ slot: pciSlot(slot), device }] : [];
    }),
  );
  return found.flat();
}

/** The slots of those that sleep; to look there wakes none. */
export async function sleepersIn(devices: readonly NvidiaDevice[]): Promise<string[]> {
  const asleep = await Promise.all(devices.map(({ device }) => isAsleep(device)));
  return devices.filter((_, index) => asleep[index]).map(({ slot }) => slot);
}

/** Whether one of them may go to sleep while nobody uses it. */
export async function anyMaySleep(devices: readonly NvidiaDevice[]): Promise<boolean> {
  const controls = await Promise.all(devices.map(({ device }) => device.text('power/control')));
  return controls.includes('auto');
}
