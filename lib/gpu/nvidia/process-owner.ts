import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** 64 hex digits name a container in every engine. */
const CONTAINER = /(?:^|[-/])([0-9a-f]{64})(?:\.scope)?$/;

/**
 * The systemd unit or container that a process of this machine belongs to: `immich-machine-learning`, `docker
 * 0123456789ab`. Null when it belongs to none, or may not be seen.
 */
export async function processOwner(pid: number, root = '/'): Promise<string | null> {
  try {
    return ownerIn(await readFile(join(root, `proc/${pid}/cgroup`), 'utf8'));
  } catch {
    return null; // It has ended, or another user's processes are hidden here.
  }
}

/** The owner in the text of `/proc/<pid>/cgroup` (cgroup version 2, or the systemd hierarchy of version 1). */
export function ownerIn(cgroup: string): string | null {
  const lines = cgroup.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const pathOf = (controller: string) => lines.find((line) => line?.[1] === controller)?.[2];
  const path = [pathOf(''), pathOf('name=systemd'), pathOf('memory')].find(
    (one) => one !== undefined && one !== '/',
  );
  return path === undefined ? null : ownerOfPath(path);
}

function ownerOfPath(path: string): string | null {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  // A unit that runs a container says more than the container's number.
  const unit = parts.findLast((part) => part.endsWith('.service') && !part.startsWith('user@'));
  if (unit !== undefined && !/^(?:docker|containerd|podman|crio)\.service$/.test(unit)) {
    return unescaped(unit.slice(0, -'.service'.length));
  }
  const container = parts.findLast((part) => CONTAINER.test(part));
  if (container !== undefined) return `${engineOf(path)} ${CONTAINER.exec(container)?.[1]?.slice(0, 12)}`;
  const machine = /(?:^|\/)(?:lxc(?:\.payload)?[./]|machine-)([^/]+?)(?:\.scope)?(?:\/|$)/.exec(path)?.[1];
  if (machine !== undefined) return unescaped(machine);
  const scope = parts.findLast((part) => part.endsWith('.scope'));
  return scope === undefined ? null : unescaped(scope.slice(0, -'.scope'.length));
}

function engineOf(path: string): string {
  if (path.includes('kubepods')) return 'kubernetes';
  if (path.includes('libpod')) return 'podman';
  return path.includes('docker') ? 'docker' : 'container';
}

/** systemd writes a hyphen inside of a name as `\x2d`. */
function unescaped(unit: string): string {
  return unit.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
