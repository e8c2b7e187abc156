import { setMaxListeners } from 'node:events';
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';
import { fileFlowOf } from './_file-flow.js';
import { filePartsOf } from './_file-parts.js';
import { fileStoreOf } from './_file-store.js';
import { speakAsNodeRed } from './_language.js';
import { monitorOf, passOn } from './_monitor.js';
import { makeTools, type NodeTools, type Output, worksByNode } from './_node-tools.js';
import { refusal } from './_refusal.js';
import { toError } from './_shown-text.js';
import { serveSidebar } from './_sidebar.js';

/** What a node does: all of it optional, so that a config node can be a bare object. */
export interface NodeWork {
  /** Handles one message. What it returns is sent; what it throws reaches a Catch node. */
  onInput?(msg: NodeMessageInFlow): Promise<Output> | Output;
  /**
   * Waits for what was started to end. Called once, right after `signal` was aborted; `isRemoved` when the node was
   * deleted, and not only stopped or changed.
   */
  close?(isRemoved: boolean): Promise<void> | void;
}

export interface NodeDefinition<Config, Options, Work extends NodeWork> {
  /** Names of the credentials and whether the editor hides them. */
  readonly credentials?: Record<string, { type: 'text' | 'password' }>;
  /** Turns the editor's strings into options, or throws a sentence that names the field. */
  parse(config: Config, credentials: Record<string, string | undefined>): Options;
  create(tools: NodeTools<Options>): Work;
  /** Offers what the node's dialog asks of the runtime; called once, when the type is registered. */
  readonly offer?: (RED: NodeAPI) => void;
}

/**
 * Makes the function that Node-RED calls to register a node. It is the one place that catches, answers
 * `done` exactly once and closes: an uncaught throw in an async handler would end all of Node-RED.
 */
export function defineNode<Config, Options, Work extends NodeWork = NodeWork>(
  type: string,
  definition: NodeDefinition<Config, Options, Work>,
): (RED: NodeAPI) => void {
  return (RED) => {
    function construct(this: Node, def: NodeDef): void {
      RED.nodes.createNode(this, def);
      start(RED, this, def as NodeDef & Config, type, definition);
    }
    speakAsNodeRed(RED);
    fileFlowOf(RED.events);
    filePartsOf(RED.events);
    serveSidebar(RED);
    definition.offer?.(RED);
    const { credentials } = definition;
    RED.nodes.registerType<Node, NodeDef, object, Record<string, string>>(type, construct, { credentials });
  };
}

function start<Config, Options, Work extends NodeWork>(
  RED: NodeAPI,
  node: Node,
  config: NodeDef & Config,
  type: string,
  definition: NodeDefinition<Config, Options, Work>,
): void {
  const [flow, monitor] = [fileFlowOf(RED.events), monitorOf(RED.events)];
  const pass = passOn(RED.events, node.id);
  const closing = new AbortController();
  // Every file in hand listens for the end; that is no leak.
  setMaxListeners(0, closing.signal);
  let work: NodeWork;
  try {
    const options = definition.parse(config, node.credentials ?? {});
    work = definition.create(makeTools(RED, node, type, options, closing.signal));
  } catch (error) {
    const problem = toError(error);
    node.status({ fill: 'red', shape: 'ring', text: RED._(`${type}.status.misconfigured`) });
    node.error(problem);
    work = refusal(problem, flow);
  }
  worksByNode.set(node, work);
  node.on('input', async (msg, send, done) => {
    let failure: Error | undefined;
    try {
      const output = await work.onInput?.(msg);
      if (output !== undefined && !closing.signal.aborted) pass(withoutError(output), send);
    } catch (error) {
      if (!closing.signal.aborted) failure = toError(error);
    }
    if (failure !== undefined) monitor.failed(node.id, msg, failure);
    finish(node, done, failure);
  });
  node.on('close', async (isRemoved: boolean, done: () => void) => {
    closing.abort();
    monitor.forget(node.id);
    try {
      await work.close?.(isRemoved);
    } catch (error) {
      node.warn(toError(error).message);
    }
    await fileStoreOf(RED).letGo(node);
    done();
  });
}

/** Catch nodes get a copy of the message, and some messages cannot be copied: that must not end Node-RED. */
function finish(node: Node, done: (error?: Error) => void, failure: Error | undefined): void {
  try {
    done(failure);
  } catch (error) {
    node.error(failure ?? toError(error));
  }
}

/** A message that came back from a Catch node for another try has its failure behind it. */
function withoutError(output: NonNullable<Output>): NonNullable<Output> {
  const strip = ({ error: _, ...msg }: NodeMessage): NodeMessage => msg;
  if (!Array.isArray(output)) return strip(output);
  return output.map((slot) => (Array.isArray(slot) ? slot.map(strip) : slot && strip(slot)));
}
