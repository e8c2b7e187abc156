import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import type { FoundFile } from '../../lib/media-file.js';
import type { FolderProblem } from '../../lib/watch/folder-look.js';
import { type FolderWatch, type FolderWatchOptions, watchFolders } from '../../lib/watch/folder-watch.js';
import { compileIgnoreRules, defaultIgnorePatterns } from '../../lib/watch/ignore-rules.js';

/** A watch of one test, with all it told so far. */
export interface WatchedWorld {
  readonly watch: FolderWatch;
  readonly found: FoundFile[];
  readonly problems: FolderProblem[];
  /** For each time that the end of a look at everything was told, how many files had been found by then. */
  readonly readyAt: number[];
  readonly stop: AbortController;
  /** What was found below the watched folders, sorted. */
  names(): string[];
  /** Waits until exactly these were found, each as often as it is named. */
  finds(...names: string[]): Promise<void>;
  /** Waits until all folders are watched and looked at. */
  settled(): Promise<void>;
}

/** Watches folders with waits short enough for a test, and stops after it. */
export function watchWorld(
  folders: readonly string[],
  options: Partial<FolderWatchOptions> = {},
): WatchedWorld {
  const stop = new AbortController();
  const found: FoundFile[] = [];
  const problems: FolderProblem[] = [];
  const readyAt: number[] = [];
  const watch = watchFolders(
    {
      folders,
      isRecursive: true,
      isIgnored: compileIgnoreRules(defaultIgnorePatterns),
      minBytes: 0,
      maxBytes: Number.POSITIVE_INFINITY,
      isFollowingLinks: false,
      isPolling: false,
      pollMs: 50,
      rescanMs: 60_000,
      probeMs: 30,
      quietMs: 20,
      maxWaitMs: 200,
      ...options,
    },
    {
      onFound: (file) => found.push(file),
      onProblem: (problem) => problems.push(problem),
      onChange: (isReady) => void (isReady && readyAt.push(found.length)),
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await watch.ended;
  });
  const names = () => found.map((file) => file.relativePath).sort();
  return {
    watch,
    found,
    problems,
    readyAt,
    stop,
    names,
    finds: (...wanted) => until(() => expect(names()).toEqual(wanted.sort())),
    settled: () => until(() => expect(watch.report().state).toBe('watching')),
  };
}

/** Waits until a check passes. */
export function until(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 30_000, interval: 20 });
}

/** Writes files with the folders they lie in; the content is the path unless given. */
export function write(root: string, ...files: (string | [name: string, content: string])[]): void {
  for (const file of files) {
    const [name, content] = typeof file === 'string' ? [file, file] : file;
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
}
