/** What is typed in the dialog, and the change of the defaults that it makes. */
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Api, changeApi } from '../../data/catalogue.js';
import { type Typed, toLimit, useReason } from '../../ui/forms.js';

export function useEditApi(api: Api, onSaved: () => void) {
  const { limits, shipped } = api;
  const [minute, setMinute] = useState<Typed>(limits.perMinute === shipped.perMinute ? '' : limits.perMinute);
  const [hour, setHour] = useState<Typed>(limits.perHour === shipped.perHour ? '' : limits.perHour);
  const [shadow, setShadow] = useState(api.shadow);
  const reason = useReason();
  const save = useMutation({
    mutationFn: (allowLowering: boolean) =>
      changeApi(api, {
        allowLowering,
        perMinute: toLimit(minute),
        perHour: toLimit(hour),
        ...(shadow === api.shadow ? {} : { shadow }),
        reason: reason.text,
      }),
    onSuccess: () => {
      notifications.show({
        color: 'green',
        title: `${api.title} changed`,
        message: 'In force on every instance within 2 s.',
      });
      onSaved();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.check()) save.mutate(false);
  };
  /** The address that shows what the typed limits would have done. */
  const whatIf = {
    change: 'default',
    api: api.api,
    perMinute: String(toLimit(minute) ?? shipped.perMinute),
    perHour: String(toLimit(hour) ?? shipped.perHour),
  };
  return {
    whatIf,
    limits: { minute, hour, onMinute: setMinute, onHour: setHour },
    shadow,
    setShadow,
    reason,
    save,
    submit,
  };
}
