/** Something that crossed a limit, or came back: raised once, cleared once. */
export interface Alert {
  /** What it is about: one of HEALTH_ALERTS or GPU_ALERTS. */
  readonly alert: string;
  readonly isRaised: boolean;
  /** One sentence for a person. */
  readonly message: string;
  /** The value that crossed the limit, in the unit of its field; null where there is none. */
  readonly value: number | null;
  readonly limit: number | null;
  /** When it was raised or cleared, ISO 8601 in UTC. */
  readonly at: string;
  /** Which GPU: the `id` of its readings; null for the server. */
  readonly gpu: string | null;
}

/** What an alert can tell. Publisher and Home Assistant's discovery share this list. */
export const ALERT_EVENT_TYPES = ['raised', 'cleared'] as const;
