import type { NodeMessage, NodeMessageInFlow } from 'node-red';
import { asStableFile, type StableFile } from '../lib/media-file.js';
import { SettingError, settingChoice, settingNumber, settingText } from '../lib/settings.js';
import type { StabilityRules } from '../lib/stable/stability.js';
import { createStabilityGate } from '../lib/stable/stability-gate.js';
import { atMostEvery } from '../lib/throttle.js';
import { asUploadCommand, CONCURRENCY_RANGE } from '../lib/upload/command.js';
import { probeServer } from '../lib/upload/server-probe.js';
import { type TrashPolicy, uploadFile } from '../lib/upload/upload-file.js';
import { createUploadQueue } from '../lib/upload/upload-queue.js';
import { defineNode } from './_define-node.js';
import { pathOf } from './_file-flow.js';
import type { NodeTools, Output } from './_node-tools.js';
import { createUploadReport } from './_upload-report.js';
import type { ImmichServer } from './immich-server.js';

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
    const { concurrency, trashPolicy } = tools.options;
    const { signal } = tools;
    const { client } = serverOf(tools);
    const tell = createUploadReport(tools);
    const gate = createStabilityGate({ signal });
    const queue = createUploadQueue<NodeMessage>({
      concurrency,
      signal,
      upload: (file, attempt) => uploadFile(file, { client, trashPolicy }, attempt),
      // A file that changed under way waits again under the rules that stable-file had for it.
      settle: (file) => gate.waitFor(file, rulesOf(file)),
      probe: (trouble) => probeServer(client, trouble),
      onProblem: (error, msg) => tools.report(error, msg),
      onDelay: (error, msg) =>
        tools.log('warn', 'delayed', { file: pathOf(msg).join(''), reason: error.message }),
      onChange: () => show(),
    });
    const show = atMostEvery(1_000, signal, () => tell(queue.state()));
    show();

    return {
      async onInput(msg): Promise<Output> {
        const command = asUploadCommand(msg.topic, msg.payload);
        if (command === undefined) return isCommand(msg) ? undefined : take(msg);
        if (command.name === 'pause') queue.pause();
        if (command.name === 'resume') queue.resume();
        if (command.name === 'retry') queue.retryFailed();
        if (command.name === 'concurrency') queue.setConcurrency(command.value);
        return undefined;
      },
      close: () => tools.returnFiles(queue.paths()),
    };

    async function take(msg: NodeMessageInFlow): Promise<Output> {
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
  },
});

/** A command for another node on the same wire (rescan, say). */
function isCommand(msg: NodeMessageInFlow): boolean {
  return typeof msg.topic === 'string' && msg.topic.startsWith('command/');
}

function serverOf(tools: NodeTools<Options>): ImmichServer {
  const { server } = tools.options;
  const work = server === undefined ? undefined : tools.workOf<Partial<ImmichServer>>(server);
  if (work?.client === undefined) {
    throw new SettingError(
      'Immich server: none is chosen, or its settings are wrong. Open this node and choose or repair it.',
    );
  }
  if (!work.hasKey) {
    throw new SettingError(
      'API key: none is set. Type it in the settings of the Immich server, or set IMMICH_API_KEY or IMMICH_API_KEY_FILE.',
    );
  }
  return work as ImmichServer;
}

function rulesOf({ quietMs, hasVideoCheck }: StableFile): Partial<StabilityRules> {
  return { quietMs, quietMsLarge: quietMs, hasVideoCheck };
}
