import { errorCode, type FileIo, GONE, unlessCode } from '../file-io.js';
import { isSameInode } from './proven-file.js';

/** What link(2) answers where there are no hard links, or not for this file or user. */
const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'];

/** How a name was given: `linked` leaves the old name too, `renamed` does not; `taken`: it was not given. */
export type Claim = 'linked' | 'renamed' | 'taken';

/**
 * Gives a file a second name, or a new one where there are no hard links, and never replaces anything.
 * @throws the system's error, EXDEV among them; the file then has its old name only
 */
export async function claimName(from: string, to: string, io: FileIo): Promise<Claim> {
  try {
    await io.fs.link(from, to);
    return 'linked';
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (code === 'EEXIST') return 'taken';
    if (!NO_HARD_LINKS.includes(code)) throw error;
  }
  return renameOntoPlaceholder(from, to, io);
}

/** A plain rename replaces what it finds, so the name is taken first, by an empty file that is ours. */
async function renameOntoPlaceholder(from: string, to: string, io: FileIo): Promise<Claim> {
  const handle = await unlessCode(['EEXIST'], io.fs.open(to, 'wx'));
  if (handle === undefined) return 'taken';
  const placeholder = await handle.stat().finally(() => handle.close());
  const isOurs = async () => {
    const there = await unlessCode(GONE, io.fs.lstat(to));
    return there !== undefined && there.size === 0 && isSameInode(there, placeholder);
  };
  if (!(await isOurs())) return 'taken';
  try {
    await io.fs.rename(from, to);
    return 'renamed';
  } catch (error) {
    if (await isOurs()) await io.fs.unlink(to);
    throw error;
  }
}
