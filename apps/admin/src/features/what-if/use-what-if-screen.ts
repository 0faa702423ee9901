/** The screen's address, and the answer to what it asks. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { whatIfQuery } from '../../data/limits.js';
import { useMay } from '../../data/session.js';
import { questionOf, type WhatIfSearch } from './question.js';

const route = getRouteApi('/what-if');

export function useWhatIfScreen() {
  const search: WhatIfSearch = route.useSearch();
  const navigate = useNavigate({ from: '/what-if' });
  const question = questionOf(search);
  return {
    search,
    question,
    answer: useQuery(whatIfQuery(question)),
    mayExport: useMay()('export'),
    /** Asks about another change. */
    ask: (change: WhatIfSearch) => void navigate({ search: { ...change, by: search.by } }),
    /** Shows other rows of the answer. */
    show: (rows: Pick<WhatIfSearch, 'by' | 'account' | 'after'>) =>
      void navigate({ search: (now) => ({ ...now, after: undefined, ...rows }) }),
  };
}

export type WhatIfScreen = ReturnType<typeof useWhatIfScreen>;
