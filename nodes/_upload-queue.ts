import type { NodeMessage } from 'node-red';
import type { OrganiseSettings } from '../lib/organise/organise-settings.js';
import { createOrganiser } from '../lib/organise/organiser.js';
import { createStabilityGate } from '../lib/stable/stability-gate.js';
import { createByteStore } from '../lib/upload/byte-store.js';
import type { StackPolicy } from '../lib/upload/join-assets.js';
import type { UploadQueueOptions } from '../lib/upload/queue-options.js';
import { probeServer } from '../lib/upload/server-probe.js';
import { settleGroup } from '../lib/upload/settle-group.js';
import { uploadFile } from '../lib/upload/upload-file.js';
import { createUploadQueue, type UploadQueue } from '../lib/upload/upload-queue.js';
import type { UploadOrder } from '../lib/upload/waiting-line.js';
import { dryUploadOf, withDryRun } from './_dry-run.js';
import { pathOf } from './_file-flow.js';
import type { FileLoad } from './_file-load.js';
import type { NodeTools } from './_node-tools.js';
import { asideOf } from './_set-aside.js';
import { companionsOf, fellowIn } from './_upload-companions.js';
import { serverOf } from './_upload-server.js';
import { type BringBackSettings, uploadStoreOf } from './_upload-store.js';

interface QueueSettings extends BringBackSettings {
  readonly server: string | undefined;
  readonly stackPolicy: StackPolicy;
  readonly order: UploadOrder;
  readonly organise: OrganiseSettings;
  readonly failedFolder: string | undefined;
}

/**
 * Makes the queue of an immich-upload node, which goes on from what the node remembers.
 * @throws SettingError when there is no server to send to
 */
export function queueOf(
  tools: NodeTools<QueueSettings>,
  initial: Pick<UploadQueueOptions<NodeMessage>, 'concurrency' | 'counts' | 'pause'>,
  onChange: () => void,
): UploadQueue<NodeMessage> {
  const { signal } = tools;
  const { client, libraryId } = serverOf(tools);
  const gate = createStabilityGate({ signal });
  const store = createByteStore();
  const memory = uploadStoreOf(tools, libraryId);
  const companions = companionsOf(tools, {
    client,
    upload: (file, attempt) => uploadFile(file, { client, store, ...memory.rulesFor(file) }, attempt),
    lookUp: fellowIn(memory.store, libraryId),
  });
  const { isDryRun, organise: settings } = tools.options;
  const { organising } = createOrganiser({
    client,
    settings,
    onProblem: (error) => tools.report(error, { topic: 'upload/state', payload: queue.state() }),
  });
  const upload = isDryRun
    ? dryUploadOf(tools, { client, library: libraryId, rulesFor: memory.rulesFor, book: companions.book })
    : organising(companions.upload);
  const queue = createUploadQueue<NodeMessage>({
    ...initial,
    order: tools.options.order,
    signal,
    upload: naming(client, memory.remembering(upload)),
    // A file that changed under way waits again under the rules that stable-file had for it.
    settle: (file) => settleGroup(file, gate.waitFor),
    probe: (trouble) => probeServer(client, trouble),
    wayFor: client.wayFor,
    addresses: client.addresses,
    setAside: asideOf(tools, memory.forgetFailure),
    onProblem: (error, msg) => tools.report(error, msg),
    onDelay: (error, msg) =>
      tools.log('warn', 'delayed', { file: pathOf(msg).join(''), reason: error.message }),
    onChange,
    ...memory.told,
  });
  tools.load.carries(queue.moving, signal);
  tools.shows({
    stage: 'uploaded',
    waiting: () => queue.state().pending + queue.state().active,
    state: () => queue.state(),
    underway: queue.underway,
    origin: () => client.origin,
  });
  const whole = withKeptBack(companions.withLateOnes(queue), tools.load);
  return isDryRun ? withDryRun(whole, tools, initial.counts) : whole;
}

/** Says in each record which server has the file. */
function naming(
  client: { readonly origin: string },
  upload: UploadQueueOptions<NodeMessage>['upload'],
): UploadQueueOptions<NodeMessage>['upload'] {
  return async (file, attempt) => ({ ...(await upload(file, attempt)), server: client.origin });
}

/** Counts what folder-watch keeps back among the pending files, in the folders of which files came. */
function withKeptBack(queue: UploadQueue<NodeMessage>, load: FileLoad): UploadQueue<NodeMessage> {
  const folders = new Set<string>();
  return {
    ...queue,
    add(file, msg) {
      if (load.keptBack(file.folder) !== undefined) folders.add(file.folder);
      return queue.add(file, msg);
    },
    state() {
      const state = queue.state();
      const keptBack = [...folders].reduce((sum, folder) => sum + (load.keptBack(folder) ?? 0), 0);
      const isBetween = state.state === 'idle' && keptBack > 0;
      return {
        ...state,
        state: isBetween ? 'uploading' : state.state,
        pending: state.pending + keptBack,
      };
    },
  };
}
