import type { NodeMessage } from 'node-red';
import type { StableFile } from '../lib/media-file.js';
import type { StabilityRules } from '../lib/stable/stability.js';
import { createStabilityGate } from '../lib/stable/stability-gate.js';
import { remembering } from '../lib/store/remembering.js';
import { createByteStore } from '../lib/upload/byte-store.js';
import type { StackPolicy } from '../lib/upload/join-assets.js';
import type { UploadQueueOptions } from '../lib/upload/queue-options.js';
import { probeServer } from '../lib/upload/server-probe.js';
import { settleGroup } from '../lib/upload/settle-group.js';
import { type TrashPolicy, uploadFile } from '../lib/upload/upload-file.js';
import { createUploadQueue, type UploadQueue } from '../lib/upload/upload-queue.js';
import type { UploadOrder } from '../lib/upload/waiting-line.js';
import { pathOf } from './_file-flow.js';
import type { FileLoad } from './_file-load.js';
import type { NodeTools } from './_node-tools.js';
import { companionsOf, fellowIn } from './_upload-companions.js';
import { serverOf } from './_upload-server.js';

interface QueueSettings {
  readonly server: string | undefined;
  readonly trashPolicy: TrashPolicy;
  readonly stackPolicy: StackPolicy;
  readonly order: UploadOrder;
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
  const { signal, options } = tools;
  const { trashPolicy } = options;
  const { client, libraryId } = serverOf(tools);
  tools.parts.sendsTo(libraryId, signal);
  const gate = createStabilityGate({ signal });
  const store = createByteStore();
  const memory = tools.fileStore();
  const companions = companionsOf(tools, {
    client,
    upload: (file, attempt) => uploadFile(file, { client, trashPolicy, store }, attempt),
    lookUp: fellowIn(memory, libraryId),
  });
  const queue = createUploadQueue<NodeMessage>({
    ...initial,
    order: options.order,
    signal,
    upload: remembering(companions.upload, { store: memory, server: libraryId }),
    // A file that changed under way waits again under the rules that stable-file had for it.
    settle: (file) => settleGroup(file, (one) => gate.waitFor(one, rulesOf(one))),
    probe: (trouble) => probeServer(client, trouble),
    onProblem: (error, msg) => tools.report(error, msg),
    onDelay: (error, msg) =>
      tools.log('warn', 'delayed', { file: pathOf(msg).join(''), reason: error.message }),
    onChange,
  });
  tools.load.carries(queue.moving, signal);
  tools.shows({
    stage: 'uploaded',
    waiting: () => queue.state().pending + queue.state().active,
    state: () => queue.state(),
    underway: queue.underway,
    origin: () => client.origin,
  });
  return withKeptBack(companions.withLateOnes(queue), tools.load);
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

function rulesOf({ quietMs, hasVideoCheck }: StableFile): Partial<StabilityRules> {
  return { quietMs, quietMsLarge: quietMs, hasVideoCheck };
}
