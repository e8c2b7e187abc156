import type * as fs from 'node:fs/promises';

type Fs = typeof fs;

/** A file system that never answers from its nth call on, as a process that ended would see it. */
export function endingFs(base: Fs, lastStep: number) {
  const opened: fs.FileHandle[] = [];
  let steps = 0;
  let tell: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const step = async () => {
    steps += 1;
    if (steps < lastStep) return;
    tell();
    await new Promise(() => undefined);
  };
  const calls = [
    'link',
    'lstat',
    'mkdir',
    'opendir',
    'realpath',
    'rename',
    'stat',
    'statfs',
    'unlink',
  ] as const;
  const all = { ...base };
  for (const call of calls) {
    const real: (...args: never[]) => unknown = all[call];
    Object.assign(all, {
      async [call](...args: never[]) {
        await step();
        return real(...args);
      },
    });
  }
  all.open = async (...args) => {
    await step();
    const handle = await base.open(...args);
    opened.push(handle);
    for (const call of ['read', 'write', 'sync', 'chmod', 'chown', 'utimes'] as const) {
      const real: (...args: never[]) => unknown = handle[call].bind(handle);
      Object.assign(handle, {
        async [call](...rest: never[]) {
          await step();
          return real(...rest);
        },
      });
    }
    return handle;
  };
  return {
    fs: all,
    reached,
    count: () => steps,
    closeAll: () => Promise.all(opened.map((handle) => handle.close().catch(() => undefined))),
  };
}
