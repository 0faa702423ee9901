/** The scope of the custom limit: which APIs, and how much of the account. */
import { NativeSelect, Radio, Stack } from '@mantine/core';
import type { Scope } from './scopes.js';
import type { RaiseScreen } from './use-raise-screen.js';

export function ScopeFields({ screen, onRestart }: { screen: RaiseScreen; onRestart: () => void }) {
  const { api, setApi, groups, scopes, scope, setScope } = screen;
  return (
    <>
      <NativeSelect
        label="API"
        value={api ?? ''}
        onChange={({ currentTarget }) => {
          onRestart();
          setApi(currentTarget.value || undefined);
        }}
        data={[
          { value: '', label: 'All APIs' },
          ...groups.map(({ title, apis }) => ({
            group: title,
            items: apis.map((one) => ({ value: one.api, label: one.title })),
          })),
        ]}
      />
      <Radio.Group
        label="Scope"
        value={scope}
        onChange={(value) => {
          onRestart();
          setScope(value as Scope);
        }}
      >
        <Stack gap={6} mt={4}>
          {scopes.map(({ value, label, about }) => (
            <Radio
              key={value}
              value={value}
              label={label}
              description={about}
              data-autofocus={value === scope || undefined}
            />
          ))}
        </Stack>
      </Radio.Group>
    </>
  );
}
