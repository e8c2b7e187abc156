export type Fields = Record<string, unknown>;

/** What the publisher of a document says on the other topics, and what it listens to. */
export interface Samples {
  readonly published: Readonly<Record<string, Published>>;
  /** Whether a command, as a document would send it, is understood. */
  readonly takes: (topic: string, payload: string) => boolean;
}

/** What goes out on one topic. */
export interface Published {
  readonly isRetained: boolean;
  /** From whole records and from empty ones. */
  readonly payloads: readonly unknown[];
  /** The types that its events may have; only for a topic of events. */
  readonly eventTypes?: readonly string[];
}

/** A document in pieces. */
export interface Case {
  readonly topic: string;
  readonly root: Fields;
  readonly device: Fields;
  readonly components: readonly (readonly [key: string, component: Fields])[];
  /** All that are no removal markers and make an entity. */
  readonly entities: readonly (readonly [key: string, component: Fields])[];
  readonly samples: Samples;
  /** The document that this one follows. */
  readonly former: Fields | undefined;
}

/** One rule: what is wrong with a document, a line for each thing. */
export type Rule = (document: Case) => string[];

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A component that says only which platform it was of: it removes what was there. */
export function isMarker(component: Fields): boolean {
  return Object.keys(component).join() === 'platform';
}
