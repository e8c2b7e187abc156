import { type Answer, ApiError, invalidFields, ok } from './answers.js';
import type { StoredAlbum, StoredTag } from './collections.js';
import type { RoutedCall } from './routes.js';
import { isUuid, wrongUuid } from './upload-fields.js';

/** `GET /albums`. */
export function listAlbums(call: RoutedCall): Answer {
  return ok(call.collections.albums().map((album) => albumAnswer(album, call)));
}

/** `POST /albums`. */
export function createAlbum(call: RoutedCall): Answer {
  const { albumName, assetIds = [] } = fieldsOf(call);
  if (typeof albumName !== 'string') throw wrongField(call, 'albumName', 'string');
  const ids = Array.isArray(assetIds) ? assetIds.map(String) : [];
  return { status: 201, body: albumAnswer(call.collections.createAlbum(albumName, ids), call) };
}

/** `PUT /albums/{id}/assets`: one result an asset; one that is in it already is a `duplicate`. */
export function addToAlbum(call: RoutedCall): Answer {
  const { id, library, collections } = call;
  if (!collections.hasAlbum(id)) throw new ApiError(400, 'Not found or no albumAsset.create access');
  return ok(
    uuidsIn(call, 'ids').map((assetId) => {
      if (library.get(assetId) === undefined) return { id: assetId, success: false, error: 'no_permission' };
      return collections.addToAlbum(id, assetId)
        ? { id: assetId, success: true }
        : { id: assetId, success: false, error: 'duplicate' };
    }),
  );
}

/** `PUT /tags`. */
export function upsertTags(call: RoutedCall): Answer {
  const { tags } = fieldsOf(call);
  if (!Array.isArray(tags)) throw wrongField(call, 'tags', 'array');
  return ok(tags.map((value) => tagAnswer(call.collections.tag(String(value)))));
}

/** `PUT /tags/assets`: assets of others are dropped silently. */
export function tagAssets(call: RoutedCall): Answer {
  const own = uuidsIn(call, 'assetIds').filter((id) => call.library.get(id) !== undefined);
  return ok({ count: call.collections.tagAssets(uuidsIn(call, 'tagIds'), own) });
}

/** `POST /stacks`. */
export function createStack(call: RoutedCall): Answer {
  const ids = uuidsIn(call, 'assetIds');
  if (ids.length < 2) throw wrongField(call, 'assetIds', 'list of at least 2');
  if (ids.some((id) => call.library.get(id) === undefined)) {
    throw new ApiError(400, 'Not found or no asset.update access');
  }
  const { id, assetIds } = call.collections.createStack(ids);
  return {
    status: 201,
    body: { id, primaryAssetId: assetIds[0], assets: assetIds.map((assetId) => ({ id: assetId })) },
  };
}

function albumAnswer({ id, name, assetIds }: StoredAlbum, { dialect, user }: RoutedCall): object {
  const answer = { id, albumName: name, description: '', assetCount: assetIds.length, shared: false };
  return dialect === 'v2' ? { ...answer, ownerId: user.id, assets: [] } : answer;
}

function tagAnswer({ id, value }: StoredTag): object {
  return { id, value, name: value.split('/').at(-1) };
}

function fieldsOf({ json = {} }: RoutedCall): Record<string, unknown> {
  return json as Record<string, unknown>;
}

function uuidsIn(call: RoutedCall, name: string): string[] {
  const ids = fieldsOf(call)[name];
  if (Array.isArray(ids) && ids.every(isUuid)) return ids.map((id) => String(id).toLowerCase());
  throw invalidFields(call.dialect === 'v2' ? [`each value in ${name} must be a UUID`] : [wrongUuid(name)]);
}

function wrongField({ dialect }: RoutedCall, name: string, expected: string): ApiError {
  const message = `Invalid input: expected ${expected}`;
  return invalidFields(
    dialect === 'v2' ? [`${name} must be a ${expected}`] : [{ code: 'invalid_type', path: [name], message }],
  );
}
