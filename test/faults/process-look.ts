import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds open. */
export interface OpenFiles {
  readonly count: number;
  /** Paths of files, sockets left out. */
  readonly paths: readonly string[];
  /** Folders that it watches. */
  readonly watches: number;
}

/** Asks Linux what a process holds open; undefined elsewhere, or when it is gone. */
export function openFilesOf(pid: number | undefined): OpenFiles | undefined {
  try {
    const numbers = readdirSync(`/proc/${pid}/fd`);
    const paths = numbers.flatMap((number) => linkOf(`/proc/${pid}/fd/${number}`));
    const notes = numbers.flatMap((number) => textOf(`/proc/${pid}/fdinfo/${number}`));
    const watches = notes.join('\n').match(/^inotify /gm)?.length ?? 0;
    return { count: numbers.length, paths: paths.filter((path) => path.startsWith('/')), watches };
  } catch {
    return undefined; // Not Linux, or the process has ended.
  }
}

function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return []; // Closed meanwhile.
  }
}

function textOf(path: string): string[] {
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    return []; // Closed meanwhile.
  }
}
