import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type QueryOf, unwrap } from '../api/client.js';

export type Candidate = Answer<'whichLimit'>['items'][number];
export type WhichLimit = Answer<'whichLimit'>;
export type WhatIf = Answer<'whatIf'>;
export type WhatIfRow = WhatIf['items'][number];
export type WhatIfQuestion = QueryOf<'whatIf'>;

export const whichQuery = ({
  account,
  api: name,
  dimensions,
}: {
  account: string;
  api: string;
  dimensions: Readonly<Record<string, string>>;
}) => {
  const named = Object.keys(dimensions).length === 0 ? {} : { dimensions: JSON.stringify(dimensions) };
  const query = { account, api: name, ...named };
  return queryOptions({
    queryKey: ['limits', 'which', query],
    queryFn: () => unwrap(api.GET('/admin/api/limits/which', { params: { query } })),
    retry: false,
  });
};

/** undefined: there is no question yet. */
export const whatIfQuery = (question: WhatIfQuestion | undefined) =>
  queryOptions({
    queryKey: ['what-if', question],
    queryFn: () => unwrap(api.GET('/admin/api/what-if', { params: { query: question as WhatIfQuestion } })),
    enabled: question !== undefined,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    retry: false,
  });
