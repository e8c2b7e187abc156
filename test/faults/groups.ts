/** A file of a group, as an actor wrote it. Its path lies below the watched folder. */
export interface GroupMember {
  readonly path: string;
  readonly role: 'still' | 'raw' | 'video' | 'sidecar' | 'twin';
  readonly sha1: string;
  /** Of a sidecar: the SHA-1 of the photo that it belongs to, and the description that it gives it. */
  readonly ownerSha1?: string;
  readonly description?: string;
}

/** Files that belong together, or a sidecar that came long after its photo. */
export interface FileGroup {
  /** What the paths of all members begin with. */
  readonly base: string;
  readonly members: GroupMember[];
  /** They did not come, or not stay, together: what a restart meets halfway may not be joined any more. */
  isSplit: boolean;
  /** The memory was lost since they came: a sidecar may not find its photo any more. */
  isForgotten: boolean;
  /** All of it was found where it belongs. */
  isSettled: boolean;
}

/** A sidecar as programs write them. */
export function xmpOf(description: string): Buffer {
  return Buffer.from(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
<rdf:Description xmp:Rating="4" dc:description="${description}"/></rdf:RDF></x:xmpmeta>`);
}

/** The group that a file belongs to, by its bytes. */
export function groupOf(groups: readonly FileGroup[], sha1: string): FileGroup | undefined {
  return groups.find(({ members }) => members.some((member) => member.sha1 === sha1));
}

/** The photo that all others belong to. */
export function stillOf({ members }: FileGroup): GroupMember | undefined {
  return members.find(({ role }) => role === 'still');
}
