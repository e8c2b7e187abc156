import { atMostEvery } from '../lib/throttle.js';
import { followHealth } from '../lib/upload/back-pressure.js';
import { parseConcurrency } from '../lib/upload/command.js';
import { pathInCommand } from '../lib/upload/failed-file.js';
import { parsePauseMinutes } from '../lib/upload/pause.js';
import { createPauseClock } from '../lib/upload/pause-clock.js';
import type { Pressure } from '../lib/upload/room.js';
import { isCommand, obeyCommands } from './_command-answer.js';
import { defineNode } from './_define-node.js';
import type { NodeTools } from './_node-tools.js';
import { take } from './_take-file.js';
import { auditCommands } from './_upload-audit.js';
import { memoryOf } from './_upload-memory.js';
import { parseUploadOptions, type UploadConfig, type UploadOptions } from './_upload-options.js';
import { queueOf } from './_upload-queue.js';
import { createUploadReport } from './_upload-report.js';
import { createWishes } from './_upload-wishes.js';

export default defineNode<UploadConfig, UploadOptions>('immich-upload', {
  parse: parseUploadOptions,
  create(tools) {
    const memory = memoryOf(tools);
    const pauses = createPauseClock({
      initial: memory.initial,
      quietHours: tools.options.quietHours,
      signal: tools.signal,
      onChange: (pause) => queue.setPause(pause),
      onKeep: memory.keepPause,
    });
    const queue = queueOf(tools, { ...memory.initial, pause: pauses.current() }, () => show());
    const tell = createUploadReport(tools);
    const wishes = createWishes(tools);
    const show = atMostEvery(1_000, tools.signal, () => {
      tell(queue.state());
      memory.note(queue.counts());
    });
    tools.onStateWanted(show);
    const obey = obeyCommands(tools, {
      pause: (payload) => pauses.pause(parsePauseMinutes(payload)),
      resume: pauses.resume,
      retry(payload) {
        queue.retryFailed(pathInCommand(payload));
        wishes.handBack();
      },
      dismiss: (payload) => queue.dismiss(pathInCommand(payload) ?? ''),
      ...auditCommands(tools, queue),
      concurrency(payload) {
        const value = parseConcurrency(payload);
        queue.setConcurrency(value);
        return memory.keepConcurrency(value);
      },
    });
    const follow = followHealth({
      policy: tools.options.pressure,
      signal: tools.signal,
      onChange(pressure) {
        queue.press(pressure);
        tellPressure(tools, pressure);
      },
    });
    return {
      onInput(msg) {
        if (msg.topic !== 'immich/health')
          return isCommand(msg) ? obey(msg) : take(msg, () => queue.add(wishes.fileIn(msg), msg), tools);
        follow(msg.payload);
        return undefined;
      },
      close(isRemoved) {
        tools.returnFiles(queue.paths());
        wishes.handBack();
        return isRemoved && !tools.isInFlow() ? memory.forget() : memory.end(queue.counts());
      },
    };
  },
});

/** Files that go one at a time are told here; those that wait are told with the state. */
function tellPressure({ log }: NodeTools<UploadOptions>, pressure: Pressure | undefined): void {
  if (pressure === undefined) log('info', 'no-pressure');
  else if (pressure.mode === 'slow') log('info', 'pressure', { reason: pressure.reason.message });
}
