import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type Brief, briefQuery } from '../../data/accounts.js';
import { many, named } from '../../lib/format.js';

/** The recent accounts, each with what stands out about it now. */
export function Recent({ accounts }: { accounts: readonly string[] }) {
  const briefs = useQueries({ queries: accounts.map((account) => briefQuery(account)) });
  return (
    <ul className="plain">
      {accounts.map((account, i) => (
        <li key={account}>
          <Link to="/accounts/$account" params={{ account }} search={{}} className="found">
            <span className="found-name">{named(account)}</span>
            <span className="found-label">{summaryOf(briefs[i]?.data)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function summaryOf(brief: Brief | undefined): string {
  if (brief === undefined) return '';
  const { denialsLastHour, overridesInForce, openRequests } = brief;
  const facts = [
    ...(denialsLastHour > 0 ? [`${many(denialsLastHour, 'denial')} in the last hour`] : []),
    ...(overridesInForce > 0 ? [`${many(overridesInForce, 'override')} in force`] : []),
    ...(openRequests > 0 ? [many(openRequests, 'open limit request')] : []),
  ];
  return facts.join(', ') || 'Default limits, no denials';
}
