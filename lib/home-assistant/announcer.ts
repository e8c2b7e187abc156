import { delay } from '../backoff.js';
import type { KnownParts } from '../bridge/part-list.js';
import type { JsonFile } from '../json-file.js';
import type { MqttSession } from '../mqtt/mqtt-session.js';
import type { Announced, Component } from './announced.js';
import { canonicalJson, type DiscoveryDocument } from './discovery-document.js';

export interface AnnouncerOptions {
  readonly session: Pick<MqttSession, 'publishState' | 'clearStates' | 'republish' | 'send'>;
  readonly memory: JsonFile<Announced>;
  /** Where the document goes; null turns discovery off, and takes back what was announced. */
  readonly discoveryTopic: string | null;
  /** The document that announces these parts; undefined when there is nothing to announce. */
  readonly documentOf: (parts: KnownParts) => DiscoveryDocument | undefined;
  /** Every retained topic that these parts have, except the document's. */
  readonly retainedOf: (parts: KnownParts) => readonly string[];
  readonly signal: AbortSignal;
  /** What was announced could not be remembered. */
  readonly onUnsaved: (error: Error) => void;
  /** Parts that come together make one document. */
  readonly gatherMs?: number;
  /** Wait after Home Assistant's birth message: many bridges must not speak at once. */
  readonly birthDelayMs?: () => number;
}

/** What Home Assistant and the broker know of this bridge, kept true over restarts, new names and lost parts. */
export interface Announcer {
  /** Resolves when what was known from the start has been announced: the document goes before all states. */
  readonly ready: Promise<void>;
  /** Resolves when these parts have been announced, so that their states can follow. Never rejects. */
  update(parts: KnownParts): Promise<void>;
  /** Home Assistant was started: after a moment it is told everything once more. */
  welcome(): void;
  /** Resolves when nothing is being written any more, after the signal was aborted. */
  settled(): Promise<void>;
  /** Takes everything back, and forgets it, because the node was deleted. Never rejects. */
  withdraw(): Promise<void>;
}

/** Makes an announcer, which at once takes back what a former name, prefix or version had announced. */
export function createAnnouncer(options: AnnouncerOptions, parts: KnownParts): Announcer {
  const { session, memory, discoveryTopic, documentOf, retainedOf, signal } = options;
  const { gatherMs = 500, birthDelayMs = () => 1_000 + Math.random() * 9_000 } = options;
  let told = inherit(options, parts);
  let saved: Promise<void> = Promise.resolve();
  let announcing: Promise<void> | undefined;
  let welcoming: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => clearTimeout(welcoming));

  function remember(change: Partial<Announced>): Promise<void> {
    told = { ...told, ...change };
    // What happens at the end may be done once more at the next start.
    if (!signal.aborted) saved = memory.save(told).catch(options.onUnsaved);
    return saved;
  }

  /** Empties topics that nobody needs any more, and forgets them once the broker has done so. */
  async function clean(): Promise<void> {
    const topics = told.stale;
    if (topics.length === 0) return;
    await session.clearStates(topics);
    await remember({ stale: told.stale.filter((topic) => !topics.includes(topic)) });
  }

  async function announce(): Promise<void> {
    if (discoveryTopic === null || signal.aborted) return;
    const document = documentOf(told.parts);
    if (document === undefined) {
      if (Object.keys(told.components).length === 0) return;
      await remember({ components: {}, removed: {}, stale: [...told.stale, discoveryTopic] });
      void clean();
      return;
    }
    const { components } = document;
    await remember({ components, removed: without({ ...told.removed, ...told.components }, components) });
    if (signal.aborted) return;
    session.publishState({
      topic: discoveryTopic,
      payload: withMarkers(document, told.removed),
      isRetained: true,
    });
  }

  async function announceSoon(): Promise<void> {
    // It rejects only at the end, when there is nothing left to announce.
    await delay(gatherMs, signal).catch(() => {});
    announcing = undefined;
    await announce();
  }

  /**
   * A marker tells Home Assistant that a component is gone only if it knows the component: after its start it is
   * shown the component once more, then the marker, and then the marker has done its work.
   */
  async function repeat(): Promise<void> {
    welcoming = undefined;
    const document = documentOf(told.parts);
    if (discoveryTopic !== null && document !== undefined && Object.keys(told.removed).length > 0) {
      const components = { ...told.removed, ...document.components };
      const whole = canonicalJson({ ...document, components });
      const isSent = [whole, withMarkers(document, told.removed)].every((payload) =>
        session.send({ topic: discoveryTopic, payload, isRetained: true }),
      );
      // Without a connection they wait for the next start of Home Assistant.
      if (isSent) await remember({ removed: {} });
      await announce();
    }
    session.republish();
  }

  void remember({}).then(clean);
  return {
    ready: announce(),
    async update(next) {
      const retained = retainedOf(next);
      const gone = told.retained.filter((topic) => !retained.includes(topic));
      const stale = [...told.stale, ...gone].filter((topic) => !retained.includes(topic));
      await remember({ parts: next, retained, stale });
      void clean();
      announcing ??= announceSoon();
      await announcing;
    },
    welcome() {
      welcoming ??= setTimeout(() => void repeat(), birthDelayMs());
    },
    settled: () => saved,
    async withdraw() {
      const own = discoveryTopic === null ? [] : [discoveryTopic];
      void session.clearStates([...told.retained, ...told.stale, ...own]);
      await memory.remove().catch(options.onUnsaved);
    },
  };
}

/** What a former run told, seen from this one's names. */
function inherit(options: AnnouncerOptions, parts: KnownParts): Announced {
  const { memory, discoveryTopic, retainedOf } = options;
  const former = memory.initial;
  const retained = retainedOf(parts);
  const isSameDocument = former !== undefined && former.discoveryTopic === discoveryTopic;
  const formerTopics = [...(former?.stale ?? []), ...(former?.retained ?? []), former?.discoveryTopic ?? ''];
  const stale = formerTopics.filter(
    (topic) => topic !== '' && topic !== discoveryTopic && !retained.includes(topic),
  );
  return {
    discoveryTopic,
    components: isSameDocument ? former.components : {},
    removed: isSameDocument ? former.removed : {},
    retained,
    stale: [...new Set(stale)],
    parts,
  };
}

function without(
  components: Readonly<Record<string, Component>>,
  others: Readonly<Record<string, unknown>>,
): Record<string, Component> {
  return Object.fromEntries(Object.entries(components).filter(([key]) => !(key in others)));
}

/** The document with what is no more as markers: a component's platform and nothing else. */
function withMarkers(document: DiscoveryDocument, removed: Readonly<Record<string, Component>>): string {
  const markers = Object.entries(removed).map(([key, { platform }]) => [key, { platform }] as const);
  return canonicalJson({
    ...document,
    components: { ...document.components, ...Object.fromEntries(markers) },
  });
}
