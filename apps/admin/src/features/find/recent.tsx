import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { briefQuery } from '../../data/accounts.js';
import { many, named } from '../../lib/format.js';

/** Each with what stands out about it now. */
export function Recent({ accounts }: { accounts: readonly string[] }) {
  const briefs = useQueries({ queries: accounts.map((account) => briefQuery(account)) });
  return (
    <ul className="plain">
      {accounts.map((account, i) => {
        const brief = briefs[i]?.data;
        const facts = [
          ...(brief?.denialsLastHour ? [`${many(brief.denialsLastHour, 'denial')} in the last hour`] : []),
          ...(brief?.overridesInForce ? [`${many(brief.overridesInForce, 'override')} in force`] : []),
          ...(brief?.openRequests ? [many(brief.openRequests, 'open request')] : []),
        ];
        return (
          <li key={account}>
            <Link to="/accounts/$account" params={{ account }} search={{}} className="found">
              <span className="found-name">{named(account)}</span>
              <span className="found-label">{brief === undefined ? '' : facts.join(', ') || 'nothing stands out'}</span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
