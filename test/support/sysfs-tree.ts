import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempFolder } from './world.js';

/** Files of the kernel by their paths; a number or a text is their content, without the line break at the end. */
export type TreeFiles = Readonly<Record<string, string | number>>;

export interface SysfsTree {
  /** The folder that holds `sys`. */
  readonly root: string;
  /** Writes files below `/sys/class/drm`. */
  write(files: TreeFiles): void;
  remove(path: string): void;
}

/** A tree of /sys of this test's own. */
export function sysfsTree(files: TreeFiles = {}): SysfsTree {
  const root = tempFolder();
  const pathOf = (path: string) => join(root, 'sys/class/drm', path);
  const write = (more: TreeFiles) => {
    for (const [path, content] of Object.entries(more)) {
      mkdirSync(dirname(pathOf(path)), { recursive: true });
      writeFileSync(pathOf(path), `${content}\n`);
    }
  };
  write(files);
  return { root, write, remove: (path) => rmSync(pathOf(path), { recursive: true }) };
}

/** The uevent file of a card. */
export function uevent(driver: string, pciId: string, slot: string): string {
  return `DRIVER=${driver}\nPCI_CLASS=30000\nPCI_ID=${pciId}\nPCI_SLOT_NAME=${slot}`;
}
