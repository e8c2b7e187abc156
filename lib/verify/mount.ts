import { readFile, realpath } from 'node:fs/promises';
import { errorCode } from '../file-io.js';

/** Where a path is mounted. */
export interface Mount {
  /** Tells two mounts apart, also two of the same disk: a rename from one to the other does not work. */
  readonly id: string;
  /** As in `ext4`, `nfs4` or `overlay`. */
  readonly type: string;
}

/** What Linux says about its mounts, one a line. */
const MOUNT_TABLE = '/proc/self/mountinfo';

/** The text of the table of mounts; undefined where there is none, as on macOS. */
export async function mountTable(path = MOUNT_TABLE): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** The mount of an existing path by the table of Linux (proc(5), mountinfo); undefined when no line fits. */
export async function mountOf(path: string, table: string): Promise<Mount | undefined> {
  const real = await realpath(path);
  let best: (Mount & { readonly point: string }) | undefined;
  for (const line of table.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [id, , , , escaped] = left.split(' ');
    const [type] = right.split(' ');
    if (id === undefined || escaped === undefined || type === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const isAbove = real === point || real.startsWith(point === '/' ? '/' : `${point}/`);
    // Of two on the same folder the later one lies on top.
    if (isAbove && point.length >= (best?.point.length ?? 0)) best = { id, type, point };
  }
  return best && { id: best.id, type: best.type };
}

/** Whether changes that another machine makes there raise no event here. */
export function isShare({ type }: Mount): boolean {
  return /^(nfs\d?|cifs|smb\w*|9p|virtiofs|ceph|afs|davfs|fuse\.(sshfs|rclone|glusterfs|s3fs|davfs|grpcfuse|osxfs))$/.test(
    type,
  );
}
