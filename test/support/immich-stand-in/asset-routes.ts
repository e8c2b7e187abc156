import { type Answer, ApiError, invalidFields, ok } from './answers.js';
import type { StoredAsset } from './asset-library.js';
import type { RoutedCall } from './routes.js';
import { assetAnswer } from './server-info.js';
import { linkVideo } from './upload.js';
import { isUuid, wrongUuid } from './upload-fields.js';

/** `GET /assets/{id}`. */
export function readAsset(call: RoutedCall): Answer {
  return ok(answerOf(call, assetOf(call, 'asset.read')));
}

/** `PUT /assets/{id}`: a still that names a video hides it, as at the upload. */
export function updateAsset(call: RoutedCall): Answer {
  const { library, json = {} } = call;
  const { id } = assetOf(call, 'asset.update');
  const changes = { ...json } as Record<string, unknown>;
  const { livePhotoVideoId } = changes;
  if (typeof livePhotoVideoId === 'string') linkVideo(library, livePhotoVideoId);
  library.update(id, changes);
  return ok(answerOf(call, assetOf(call, 'asset.update')));
}

function assetOf({ id, library, dialect }: RoutedCall, access: string): StoredAsset {
  if (!isUuid(id)) throw invalidFields(dialect === 'v2' ? ['id must be a UUID'] : [wrongUuid('id')]);
  const asset = library.get(id.toLowerCase());
  if (asset === undefined) throw new ApiError(400, `Not found or no ${access} access`);
  return asset;
}

function answerOf({ user, dialect, collections }: RoutedCall, asset: StoredAsset): object {
  const stack = collections.stacks().find(({ assetIds }) => assetIds.includes(asset.id));
  return {
    ...assetAnswer(asset, user, dialect, collections.tagsOf(asset.id)),
    stack: stack
      ? { id: stack.id, primaryAssetId: stack.assetIds[0], assetCount: stack.assetIds.length }
      : null,
  };
}

/** `DELETE /assets`. */
export function deleteAssets(call: RoutedCall): Answer {
  const isForced = call.json !== undefined && 'force' in call.json && call.json.force === true;
  for (const id of idsOf(call)) {
    if (isForced) call.library.remove(id);
    else call.library.trash(id);
  }
  return { status: 204 };
}

/** `POST /trash/restore/assets`. */
export function restoreAssets(call: RoutedCall): Answer {
  const trashed = idsOf(call).filter((id) => call.library.get(id)?.isTrashed);
  for (const id of trashed) call.library.restore(id);
  return ok({ count: trashed.length });
}

function idsOf({ json, library, dialect }: RoutedCall): string[] {
  const ids: unknown = json !== undefined && 'ids' in json ? json.ids : undefined;
  if (!Array.isArray(ids) || !ids.every(isUuid)) {
    throw invalidFields(dialect === 'v2' ? ['each value in ids must be a UUID'] : [wrongUuid('ids')]);
  }
  const known = ids.map((id) => String(id).toLowerCase());
  if (known.some((id) => library.get(id) === undefined)) {
    throw new ApiError(400, 'Not found or no asset.delete access');
  }
  return known;
}
