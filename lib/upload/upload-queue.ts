import type { ImmichError } from '../immich/immich-error.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import type { LeftAloneError } from './failed-file.js';
import { createFailedFiles } from './failed-files.js';
import { createLaterTries } from './later-tries.js';
import { onNewDay } from './local-day.js';
import { isResting, NO_PAUSE, type Pause } from './pause.js';
import type { UploadQueueOptions } from './queue-options.js';
import { createRoom, type Pressure } from './room.js';
import { createServerGate } from './server-gate.js';
import { type Entry, isSameFile, makeEntry, SupersededError, UnreadableError } from './upload-entry.js';
import { createUploadLine } from './upload-line.js';
import { createUploadTally, type UploadState } from './upload-state.js';
import { verdictOn } from './upload-verdict.js';

/**
 * Uploads files side by side, each at its own pace: what will pass is tried again for ever, what concerns the
 * server holds all behind one probe, what concerns one file holds that one alone. Every file stays in hand
 * until it is uploaded or gone; nothing is written to disk, because the folder is the queue.
 */
export function createUploadQueue<Context>(options: UploadQueueOptions<Context>) {
  const { upload, settle, signal, onDelay, onChange, firstMs = 1_000, random } = options;
  let { pause = NO_PAUSE } = options;
  const line = createUploadLine<Context>(options.order);
  const active = new Set<Entry<Context>>();
  const tally = createUploadTally(options);
  const pace = { firstMs, ...(random && { random }) };
  const gate = createServerGate({ probe: options.probe, signal, onChange: pump, ...pace });
  const room = createRoom(options.concurrency, gate);
  const later = createLaterTries({ line, options, pump });
  onNewDay(signal, onChange, options.now);

  function pump(): void {
    // Nobody is left to go ahead and find out: the answered question has to do.
    if (gate.isOpen && gate.isTrial && active.size + line.waitingCount() === 0) gate.passed();
    while (!signal.aborted && !isResting(pause) && room.isFree(active)) {
      const entry = line.next();
      if (entry === undefined) break;
      entry.tryEnded = run(entry);
    }
    onChange();
  }

  async function run(entry: Entry<Context>): Promise<void> {
    entry.phase = 'active';
    entry.attempts += 1;
    entry.sentBytes = 0;
    entry.isAhead = gate.isTrial;
    active.add(entry);
    const onBytes = (bytes: number) => {
      entry.sentBytes += bytes;
      tally.sent(bytes);
      onChange();
    };
    const inTurn = room.turn(entry.isAhead);
    try {
      finish(entry, await upload(entry.file, { signal, memory: entry.memory, onBytes, inTurn }));
    } catch (error) {
      if (!signal.aborted) recover(entry, error);
    } finally {
      active.delete(entry);
      pump();
    }
  }

  function finish(entry: Entry<Context>, uploaded: UploadedFile): void {
    gate.passed();
    if (uploaded.isDryRun !== true) tally.uploaded(uploaded);
    line.remove(entry);
    entry.resolve(uploaded);
  }

  function recover(entry: Entry<Context>, error: unknown): void {
    const verdict = verdictOn(error, entry, gate.trouble);
    // What concerns the server was no try of this file.
    if (verdict === 'requeue' || verdict === 'hold') {
      // What has begun goes first: it may need no more than its proof.
      entry.attempts -= 1;
      line.enqueue(entry, true);
    }
    if (verdict === 'drop') drop(entry, error);
    if (verdict === 'settle') void settleAgain(entry);
    if (verdict === 'hold') {
      entry.holds += 1;
      gate.hold(error as ImmichError);
    }
    if (verdict === 'fail' || verdict === 'leave' || verdict === 'wait') gate.passed();
    if (verdict === 'fail' || verdict === 'fail-again') fail(entry, error);
    if (verdict === 'leave') leave(entry, error as LeftAloneError);
    if (verdict === 'reread') tell(entry, new UnreadableError(entry.file.path, error), onProblem);
    if (verdict === 'retry' || verdict === 'wait') tell(entry, error as ImmichError, onDelay);
    if (verdict === 'retry' || verdict === 'reread') void later.afterPause(entry, error);
    if (verdict === 'wait') later.whenThereIsAWay(entry, (error as ImmichError).heldBytes ?? 0);
  }

  /** Says why a file has to wait, once a reason. */
  function tell(entry: Entry<Context>, error: Error, say: (error: Error, context: Context) => void): void {
    if (entry.told === error.message) return;
    entry.told = error.message;
    say(error, entry.context);
  }

  function onProblem(error: Error, context: Context): void {
    tally.failed();
    options.onProblem(error, context);
  }

  async function settleAgain(entry: Entry<Context>): Promise<void> {
    entry.phase = 'settling';
    try {
      entry.file = await settle(entry.file);
      entry.attempts = 0;
      line.enqueue(entry);
      pump();
    } catch (error) {
      if (signal.aborted || !line.has(entry)) return;
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'vanished' || code === 'superseded') drop(entry, error);
      else await fail(entry, error);
    }
  }

  function drop(entry: Entry<Context>, reason: unknown): void {
    line.remove(entry);
    later.forget(entry);
    entry.reject(reason);
    onChange();
  }

  const { fail, leave, ...failedFiles } = createFailedFiles({ line, options, onProblem, drop, pump });

  signal.addEventListener('abort', () => {
    for (const entry of line.all()) entry.reject(signal.reason);
  });

  return {
    /**
     * Takes a file in hand and resolves when Immich has it. A newer version of a path replaces an older one.
     * @throws SupersededError for the message that is dropped; FileVersionError when the file vanished; the
     * signal's reason when everything ends
     */
    async add(file: StableFile, context: Context): Promise<UploadedFile> {
      signal.throwIfAborted();
      const known = line.get(file.path);
      if (known !== undefined && known.failure === undefined && isSameFile(known.file, file)) {
        throw new SupersededError(file.path);
      }
      if (known?.phase === 'active') {
        await known.tryEnded;
        return this.add(file, context);
      }
      if (known !== undefined) drop(known, new SupersededError(file.path));
      const entry = makeEntry(file, context);
      line.add(entry);
      pump();
      return entry.promise;
    },
    /** A pause starts no further file; those on their way are finished. */
    setPause(next: Pause) {
      pause = next;
      pump();
    },
    setConcurrency(next: number) {
      room.resize(next);
      pump();
    },
    /** Takes it easy while the server wants rest; undefined ends that. */
    press(next: Pressure | undefined) {
      room.press(next);
      pump();
    },
    ...failedFiles,
    /** Paths of all files in hand, and the files of those that go on by themselves. */
    paths: line.paths,
    moving: line.moving,
    /** The files that are hashed, sent or proven now. */
    underway: () =>
      [...active].map(({ file, sentBytes }) => ({ path: file.path, sizeBytes: file.sizeBytes, sentBytes })),
    counts: tally.counts,
    state(): UploadState {
      const trouble = gate.trouble ?? room.restReason;
      const addresses = options.addresses?.() ?? [];
      return tally.describe({ entries: line.all(), pause, trouble, concurrency: room.size(), addresses });
    },
  };
}

/** What `createUploadQueue` makes. */
export type UploadQueue<Context> = ReturnType<typeof createUploadQueue<Context>>;
