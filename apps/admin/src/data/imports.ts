import { type Answer, api, type BodyOf, unwrap } from '../api/client.js';

type Imported = Answer<'importOverrides'>;
export type ImportedOverride = Imported['items'][number];
export type ImportError = Imported['errors'][number];

/** A dry run returns all errors. Otherwise the import is refused (422) if a row has one. */
export const importOverrides = (body: BodyOf<'importOverrides'>) =>
  unwrap(api.POST('/admin/api/overrides/import', { body }));
