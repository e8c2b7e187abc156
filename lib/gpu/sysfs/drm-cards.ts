import { join } from 'node:path';
import { pciSlot } from '../gpu-sample.js';
import { type SysfsFolder, sysfsFolder } from './sysfs-folder.js';

/** A graphics card as the kernel knows it. */
export interface DrmCard {
  /** The kernel driver: amdgpu, i915, xe. */
  readonly driver: string;
  readonly slot: string;
  /** Vendor and device, `1002:67DF`. */
  readonly pciId: string;
  readonly folder: SysfsFolder;
  readonly device: SysfsFolder;
}

/**
 * The cards below `root` (the folder that holds `sys`, `/` on most machines), in the order of their slots: the numbers
 * of the cards change from start to start, and card0 can be the screen of a server's remote console.
 */
export async function listDrmCards(root: string): Promise<DrmCard[]> {
  const drm = sysfsFolder(join(root, 'sys/class/drm'));
  const cards: DrmCard[] = [];
  for (const name of await drm.list()) {
    if (!/^card\d+$/.test(name)) continue;
    const folder = drm.folder(name);
    const device = folder.folder('device');
    const facts = factsOf((await device.text('uevent')) ?? '');
    const slot = facts.get('PCI_SLOT_NAME');
    const driver = facts.get('DRIVER');
    if (slot === undefined || driver === undefined) continue;
    cards.push({ driver, slot: pciSlot(slot), pciId: facts.get('PCI_ID') ?? '', folder, device });
  }
  return cards.sort((one, other) => (one.slot < other.slot ? -1 : 1));
}

function factsOf(uevent: string): Map<string, string> {
  return new Map(
    uevent.split('\n').flatMap((line) => {
      const [, key, value] = /^([^=]+)=(.*)$/.exec(line) ?? [];
      return key !== undefined && value !== undefined ? [[key, value]] : [];
    }),
  );
}
