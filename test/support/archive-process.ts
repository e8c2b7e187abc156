/**
 * Moves files in a process of its own, for tests that kill it. Arguments: a JSON file with the jobs, and the call at
 * which it says `here` and hangs for ever: `link`, `write`, `sync` or `unlink`; empty for none.
 */
import * as realFs from 'node:fs/promises';
import { moveFile } from '../../lib/archive/move-file.js';
import type { UploadedFile } from '../../lib/media-file.js';

interface Job {
  readonly file: UploadedFile;
  readonly target: string;
  readonly archive: string;
}

const [jobFile = '', hangAt = ''] = process.argv.slice(2);
const jobs = JSON.parse(await realFs.readFile(jobFile, 'utf8')) as Job[];

function hang(): Promise<never> {
  console.log('here');
  setInterval(() => undefined, 1_000);
  return new Promise(() => undefined);
}

/** The file system on which the archive is another device, and one call never comes back. */
function hangingFs(): Partial<typeof realFs> {
  const isCrossing = (from: string, to: string) =>
    !from.endsWith('.part') && !from.startsWith(jobs[0]?.archive ?? '') && to !== from;
  return {
    link: async (from, to) => {
      if (isCrossing(String(from), String(to))) throw Object.assign(new Error('EXDEV'), { code: 'EXDEV' });
      return hangAt === 'link' ? hang() : realFs.link(from, to);
    },
    unlink: async (path) => (hangAt === 'unlink' ? hang() : realFs.unlink(path)),
    open: async (path, flags, mode) => {
      const handle = await realFs.open(path, flags, mode);
      if (!String(path).endsWith('.part') || flags !== 'wx') return handle;
      let writes = 0;
      return new Proxy(handle, {
        get(target, key) {
          if (key === 'sync' && hangAt === 'sync') return hang;
          if (key === 'write' && hangAt === 'write' && ++writes === 2) return hang;
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
}

const fs = hangAt === '' ? realFs : { ...realFs, ...hangingFs() };
const outcomes = await Promise.all(
  jobs.map(({ file, target, archive }) =>
    moveFile(file, target, archive, { fs }).then(
      ({ outcome }) => outcome,
      (error: Error) => error.message,
    ),
  ),
);
console.log(JSON.stringify(outcomes));
