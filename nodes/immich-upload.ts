import type { NodeMessage } from 'node-red';
import { asStableFile, type StableFile } from '../lib/media-file.js';
import { settingChoice, settingNumber, settingText } from '../lib/settings.js';
import type { StabilityRules } from '../lib/stable/stability.js';
import { createStabilityGate } from '../lib/stable/stability-gate.js';
import { atMostEvery } from '../lib/throttle.js';
import { CONCURRENCY_RANGE, parseConcurrency } from '../lib/upload/command.js';
import { probeServer } from '../lib/upload/server-probe.js';
import { type TrashPolicy, uploadFile } from '../lib/upload/upload-file.js';
import type { UploadMemory } from '../lib/upload/upload-memory.js';
import { createUploadQueue, type UploadQueue } from '../lib/upload/upload-queue.js';
import { isCommand, obeyCommands } from './_command-answer.js';
import { defineNode } from './_define-node.js';
import { pathOf } from './_file-flow.js';
import type { NodeTools, Output } from './_node-tools.js';
import { memoryOf } from './_upload-memory.js';
import { createUploadReport } from './_upload-report.js';
import { serverOf } from './_upload-server.js';

interface Config {
  server?: string;
  concurrency?: string;
  trashPolicy?: string;
}

interface Options {
  server: string | undefined;
  concurrency: number;
  trashPolicy: TrashPolicy;
}

export default defineNode<Config, Options>('immich-upload', {
  parse: (config) => ({
    server: settingText(config.server),
    concurrency: settingNumber('Files at a time', config.concurrency, 4, CONCURRENCY_RANGE),
    trashPolicy: settingChoice(
      'Photo in the trash',
      config.trashPolicy,
      ['hold', 'restore', 'accept'],
      'hold',
    ),
  }),
  create(tools) {
    const memory = memoryOf(tools);
    const queue = createQueue(tools, memory.initial, () => show());
    const tell = createUploadReport(tools);
    const show = atMostEvery(1_000, tools.signal, () => {
      tell(queue.state());
      memory.note(queue.counts());
    });
    tools.onStateWanted(show);
    const setPaused = (isPaused: boolean) => {
      queue.setPaused(isPaused);
      return memory.keepPause(isPaused);
    };
    const obey = obeyCommands(tools, {
      pause: () => setPaused(true),
      resume: () => setPaused(false),
      retry: queue.retryFailed,
      concurrency(payload) {
        const value = parseConcurrency(payload);
        queue.setConcurrency(value);
        return memory.keepConcurrency(value);
      },
    });
    return {
      onInput: (msg) => (isCommand(msg) ? obey(msg) : take(msg, queue, tools)),
      close(isRemoved) {
        tools.returnFiles(queue.paths());
        return isRemoved && !tools.isInFlow() ? memory.forget() : memory.end(queue.counts());
      },
    };
  },
});

function createQueue(tools: NodeTools<Options>, initial: UploadMemory['initial'], onChange: () => void) {
  const { signal, options } = tools;
  const { trashPolicy } = options;
  const { client } = serverOf(tools);
  const gate = createStabilityGate({ signal });
  return createUploadQueue<NodeMessage>({
    ...initial,
    signal,
    upload: (file, attempt) => uploadFile(file, { client, trashPolicy }, attempt),
    // A file that changed under way waits again under the rules that stable-file had for it.
    settle: (file) => gate.waitFor(file, rulesOf(file)),
    probe: (trouble) => probeServer(client, trouble),
    onProblem: (error, msg) => tools.report(error, msg),
    onDelay: (error, msg) =>
      tools.log('warn', 'delayed', { file: pathOf(msg).join(''), reason: error.message }),
    onChange,
  });
}

/** Uploads the file in a message, and passes it on when it is proven. */
async function take(
  msg: NodeMessage,
  queue: UploadQueue<NodeMessage>,
  tools: NodeTools<Options>,
): Promise<Output> {
  try {
    const uploaded = await queue.add(asStableFile(msg.payload), msg);
    return [{ ...msg, topic: 'file/uploaded', filename: uploaded.path, payload: uploaded }, null];
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'vanished') {
      tools.log('info', 'vanished', { file: pathOf(msg).join('') });
      // It may be there again before folder-watch missed it.
      tools.returnFiles(pathOf(msg));
    }
    if (code === 'vanished' || code === 'superseded') return undefined;
    throw error;
  }
}

function rulesOf({ quietMs, hasVideoCheck }: StableFile): Partial<StabilityRules> {
  return { quietMs, quietMsLarge: quietMs, hasVideoCheck };
}
