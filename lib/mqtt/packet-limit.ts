/** Takes the next bytes of a stream of MQTT packets, cut anywhere; true once a packet is longer than the limit. */
export type PacketLimit = (piece: Uint8Array) => boolean;

/**
 * Follows the lengths of packets as they come in (MQTT 3.1.1 and 5, section 2: one byte, then the length of the rest,
 * seven bits a byte, four bytes at most). A broker of MQTT 3.1.1 cannot be told what is too long for us, and mqtt.js
 * would collect up to 256 MB of a packet before anybody sees it.
 */
export function createPacketLimit(mostBytes: number): PacketLimit {
  let isLength = false;
  let length = 0;
  let shift = 0;
  let skip = 0;
  return (piece) => {
    for (let at = 0; at < piece.length; ) {
      const skipped = Math.min(skip, piece.length - at);
      skip -= skipped;
      at += skipped;
      const byte = piece[at];
      if (byte === undefined) break;
      at += 1;
      if (isLength) {
        length += (byte & 0x7f) << shift;
        shift += 7;
        isLength = byte >= 0x80 && shift < 28;
        if (length > mostBytes) return true;
        if (!isLength) skip = length;
      } else {
        isLength = true;
        length = 0;
        shift = 0;
      }
    }
    return false;
  };
}
