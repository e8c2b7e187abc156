import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { MonitorPart } from '../lib/monitor/monitor-part.js';
import type { FileStore } from '../lib/store/file-store.js';
import { fileFlowOf } from './_file-flow.js';
import { type FileLoad, fileLoadOf } from './_file-load.js';
import { type FileParts, filePartsOf } from './_file-parts.js';
import { fileStoreOf } from './_file-store.js';
import { monitorOf, passOn } from './_monitor.js';
import { type ShowStatus, statusOf, type Values } from './_node-status.js';
import { shownIn, toError } from './_shown-text.js';
import { stateFlowOf } from './_state-flow.js';

/** What a node sends: nothing, one message, or one slot an output. */
export type Output = NodeMessage | (NodeMessage | NodeMessage[] | null)[] | undefined;

/** What every node may use, so that none of them touches RED. */
export interface NodeTools<Options> {
  readonly id: string;
  readonly options: Options;
  /** Aborted when the node closes: everything that `create` started stops with it. */
  readonly signal: AbortSignal;
  /** Node-RED's own folder for data, if it has one. */
  readonly userDir: string | undefined;
  /** Of Node-RED itself, where it says so. */
  readonly nodeRedVersion: string | null;
  /** Whether the flow still has the node, be it switched off: a closed node need not be a deleted one. */
  isInFlow(): boolean;
  /** Shows a status; `key` is looked up in the node's catalogue below "status". */
  readonly status: ShowStatus;
  /** Sends without an incoming message. */
  send(output: Output): void;
  /** Tells Catch nodes about a failure while its message stays in hand. */
  report(error: unknown, msg: NodeMessage): void;
  /** Writes one line to Node-RED's log; `key` is looked up in the catalogue below "log". */
  log(level: 'info' | 'warn' | 'error', key: string, values?: Values): void;
  /** The work of another node of this pack (a config node), or undefined when there is none. */
  workOf<Work>(id: string): Work | undefined;
  /** Another pack's config node, as it is (a tls-config, say). */
  configNode(id: string): unknown;
  /** Hands files back: folder-watch looks at them anew, once the flows run. */
  returnFiles(paths: readonly string[]): void;
  /** Calls back, while the flows run, with the files that other nodes handed back. */
  onReturnedFiles(handler: (paths: readonly string[]) => void): void;
  /** How many files of each watched folder are on their way, over all nodes. */
  readonly load: FileLoad;
  /** What the nodes do with files. */
  readonly parts: FileParts;
  /** What was uploaded and what failed, over restarts; for all nodes the same. */
  fileStore(): FileStore;
  /** What the sidebar of the editor shows of this node. */
  shows(part: MonitorPart): void;
  /** Calls back when the node should send its state: when the flows have started, or another node asks. */
  onStateWanted(handler: () => void): void;
  /** Asks all nodes that own a state to send it anew: at once while the flows run, else when they have started. */
  askForStates(): void;
}

/** What each node of this pack does, so that one finds another (immich-upload its immich-server). */
export const worksByNode = new WeakMap<object, object>();

/** Makes the tools of one node. `type` is its name in the catalogue; everything ends when `signal` is aborted. */
export function makeTools<Options>(
  RED: NodeAPI,
  node: Node,
  type: string,
  options: Options,
  signal: AbortSignal,
): NodeTools<Options> {
  const [flow, states] = [fileFlowOf(RED.events), stateFlowOf(RED.events)];
  const [monitor, pass] = [monitorOf(RED.events), passOn(RED.events, node.id)];
  return {
    id: node.id,
    options,
    signal,
    userDir: RED.settings.userDir,
    nodeRedVersion: versionOf(RED.settings),
    isInFlow() {
      let isFound = false;
      RED.nodes.eachNode(({ id }) => {
        isFound ||= id === node.id;
      });
      return isFound;
    },
    status: statusOf(RED, node, type, signal),
    send: (output) => {
      if (output !== undefined && !signal.aborted) pass(output, (now) => node.send(now));
    },
    report(error, msg) {
      monitor.failed(node.id, msg, toError(error));
      try {
        node.error(toError(error), msg);
      } catch {
        // The message cannot be copied for a Catch node: the log gets the error alone.
        node.error(toError(error));
      }
    },
    log: (level, key, values = {}) =>
      node[level === 'info' ? 'log' : level](RED._(`${type}.log.${key}`, shownIn(values))),
    workOf: <Work>(id: string) => {
      const other = RED.nodes.getNode(id);
      return (other ? worksByNode.get(other) : undefined) as Work | undefined;
    },
    configNode: (id) => RED.nodes.getNode(id),
    returnFiles: flow.handBack,
    onReturnedFiles: (handler) => flow.onHandedBack(handler, signal),
    load: fileLoadOf(RED.events),
    parts: filePartsOf(RED.events),
    fileStore: () => fileStoreOf(RED).hold(node),
    shows: (part) => monitor.add(node.id, part),
    onStateWanted: (handler) => states.onWanted(handler, signal),
    askForStates: states.ask,
  };
}

function versionOf(settings: object): string | null {
  return 'version' in settings && typeof settings.version === 'string' ? settings.version : null;
}
