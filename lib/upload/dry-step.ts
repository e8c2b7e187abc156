/**
 * What would become of a file, one deed a step: Immich would make an asset of it (`create`), has it (`known`), or has it in
 * its trash (`trashed`, `restore`); a sidecar would travel in its request (`carry`) or change the photo that is there
 * (`apply`); a video would be linked to it; it would be the top of a stack; then the album, tag and so on that it would
 * get. `note` is something that a person may mend.
 */
export type DryDeed =
  | 'create'
  | 'known'
  | 'trashed'
  | 'restore'
  | 'carry'
  | 'apply'
  | 'link'
  | 'stack'
  | 'favorite'
  | 'visibility'
  | 'date'
  | 'change'
  | 'album'
  | 'tag'
  | 'note';

/** One deed of a dry run, on the photo or video at `path`; `with` names paths, albums, tags or values. */
export interface DryStep {
  readonly does: DryDeed;
  readonly path: string;
  readonly with: readonly string[];
}
