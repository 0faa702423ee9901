import { ButtonLink } from '../ui/links.js';
import { EmptyState } from '../ui/notes.js';
import { Page } from '../ui/page.js';

export function NotFound() {
  return (
    <Page title="Page not found">
      <EmptyState why="No screen has this address. It may have been cut off when it was copied.">
        <ButtonLink to="/" search={{}}>
          Find an account
        </ButtonLink>
      </EmptyState>
    </Page>
  );
}
