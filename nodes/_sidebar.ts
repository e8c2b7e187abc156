import type { NodeAPI } from 'node-red';
import { fieldsOf } from '../lib/fields.js';
import type { MonitorView } from '../lib/monitor/monitor-view.js';
import { say } from '../lib/say.js';
import { answeringIn } from './_language.js';
import { monitorOf } from './_monitor.js';
import { SidebarError, sidebarCommands } from './_sidebar-commands.js';

/** On which the editor hears what changed. */
const TOPIC = 'immich-bridge/sidebar';

/** What changed is told so often, in milliseconds. */
const TELL_EVERY_MS = 1_000;

/** An open sidebar asks more often than this; after it nobody looks, and nothing is told. */
const LEASE_MS = 45_000;

/** Of Node-RED's HTTP server what is used here. */
type Answer = { status(code: number): Answer; json(body: unknown): void };
type Request = {
  is(type: string): unknown;
  readonly headers: { readonly 'accept-language'?: string };
  readonly params: unknown;
  readonly body: unknown;
};

const served = new WeakSet<object>();

/**
 * Serves the sidebar of the editor: a first picture, what changes while somebody looks, and its commands. It is done
 * once a runtime, whichever node is loaded first; without an editor there is nothing to serve.
 */
export function serveSidebar(RED: NodeAPI): void {
  const { httpAdmin, auth } = RED as Partial<NodeAPI>;
  if (httpAdmin === undefined || auth === undefined || served.has(httpAdmin)) return;
  served.add(httpAdmin);
  const commands = sidebarCommands(RED);
  const lookAgain = createFeed(RED);
  httpAdmin.get('/immich-bridge/sidebar', auth.needsPermission('immich-bridge.read'), (_, answer) => {
    answer.json(lookAgain());
  });
  const offer = (path: string, work: (request: Request) => Promise<void>) =>
    httpAdmin.post(
      `/immich-bridge/${path}`,
      auth.needsPermission('immich-bridge.write'),
      (request, answer) => {
        void answeringIn(request.headers['accept-language'], () => obey(request, answer, work));
      },
    );
  offer('pause', ({ body }) => commands.pause(fieldsOf(body).isPaused === true));
  offer('retry', commands.retryAll);
  offer('failures/:id/retry', ({ params }) => commands.retry(idIn(params)));
  offer('failures/:id/dismiss', ({ params }) => commands.dismiss(idIn(params)));
}

/** Does what was asked, and answers in any case. */
async function obey(
  request: Request,
  answer: Answer,
  work: (request: Request) => Promise<void>,
): Promise<void> {
  try {
    // A page of another site cannot send JSON without being asked for leave first.
    if (!request.is('json')) throw new SidebarError(say`This takes JSON only.`);
    await work(request);
    answer.json({ error: null });
  } catch (error) {
    const isOurs = error instanceof SidebarError;
    answer
      .status(isOurs ? 409 : 500)
      .json({ error: isOurs ? error.message : say`Something went wrong; see the log.` });
    if (!isOurs) console.error(error);
  }
}

/** Makes what answers with all there is to see, and tells changes for a while from then on. */
function createFeed(RED: NodeAPI): () => object {
  const monitor = monitorOf(RED.events);
  let timer: NodeJS.Timeout | undefined;
  let until = 0;
  let told = 0;
  let last = '';
  const tell = () => {
    if (performance.now() > until) {
      clearInterval(timer);
      timer = undefined;
      return;
    }
    const view = monitor.view(told);
    told = view.seq;
    const text = textOf(view);
    if (text === last) return;
    last = text;
    RED.comms.publish(TOPIC, view, false);
  };
  return () => {
    until = performance.now() + LEASE_MS;
    const view = monitor.view(0);
    if (timer === undefined) {
      told = view.seq;
      last = textOf(monitor.view(told));
      timer = setInterval(tell, TELL_EVERY_MS).unref();
    }
    return { failures: [], ...view };
  };
}

/** All but the time, which changes without anything happening. */
function textOf({ at: _, ...rest }: MonitorView): string {
  return JSON.stringify(rest);
}

function idIn(params: unknown): number {
  return Number(fieldsOf(params).id);
}
