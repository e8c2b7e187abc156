/** One message on its way to a broker. */
export interface MqttMessage {
  readonly topic: string;
  /** Empty and retained, it removes what a broker holds on the topic. */
  readonly payload: string;
  readonly isRetained?: boolean;
  /** 1 unless it may get lost. */
  readonly qos?: 0 | 1;
  /** The broker forgets it after so many seconds (MQTT 5 only). */
  readonly expirySeconds?: number;
  /** What came with the question that this answers (MQTT 5 only). */
  readonly correlationData?: Buffer;
}

/** One message that a broker sent to us. */
export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** The broker had it before we came: it may be old. */
  readonly isRetained: boolean;
  /** Where an answer is wanted (MQTT 5 only). */
  readonly responseTopic?: string;
  /** What has to go with the answer (MQTT 5 only). */
  readonly correlationData?: Buffer;
}

/** A message whose turn has come. */
export interface Outgoing {
  readonly message: MqttMessage;
  /** To be called when the broker has taken it or refused it, never when the connection ended before. */
  readonly onAnswered?: () => void;
}

/** A topic, or a filter for topics, that a broker does not let us use. */
export interface Refusal {
  readonly topic: string;
  /** 128 and above; 135 is "not authorised" (MQTT 5, section 2.4). In MQTT 3.1.1 always 128. */
  readonly code: number;
}
