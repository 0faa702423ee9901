-- A limit that an override leaves out keeps its effective value at the override's start: for one API the limit that applies, for
-- several APIs the limit of the override with the same scope. Extra units in force do not count: they are added to this limit too.
CREATE OR REPLACE FUNCTION rollgate.fill_override(
  p_new   rollgate.override,
  p_given jsonb,        -- names the limits that were given, including those given as null, which means what applies without overrides
  p_now   timestamptz,
  OUT filled   rollgate.override,
  OUT approved rollgate.override  -- the part of it that its author's approval limit must cover
)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_at      timestamptz := greatest(p_new.starts_at, p_now);
  v_base    record;
  v_kept    record;  -- the limits that stay, NULL: what applies without overrides, and their source
  v_until   timestamptz;
BEGIN
  filled := p_new;
  approved := p_new;
  IF (p_new.per_minute IS NULL) = (p_new.per_hour IS NULL)
    OR p_new.per_minute IS NULL AND p_given ? 'per_minute'
    OR p_new.per_hour IS NULL AND p_given ? 'per_hour'
  THEN
    RETURN;
  END IF;
  IF NOT EXISTS (
    SELECT FROM rollgate.override o WHERE o.account = p_new.account AND rollgate.in_force(o.starts_at, o.expires_at, v_at))
  THEN
    RETURN; -- what applies without overrides stays: for most rows of an import, this is the only query
  END IF;
  IF p_new.api IS NOT NULL THEN
    SELECT b.* INTO v_base FROM rollgate.base_limits(p_new.api, rollgate.plan_in_force(p_new.account, v_at)) b;
    SELECT nullif(l.minute_without_extra, v_base.per_minute) AS per_minute, nullif(l.hour_without_extra, v_base.per_hour) AS per_hour,
      l.source_without_extra AS source
    INTO v_kept
    FROM rollgate.limits_under_plan(p_new.account, p_new.api, coalesce(p_new.subject, ''),
      rollgate.plan_in_force(p_new.account, v_at), v_at, NULL) l;
  ELSE
    SELECT o.per_minute, o.per_hour, o.id AS source INTO v_kept FROM rollgate.override o
    WHERE o.account = p_new.account AND o.group_id IS NOT DISTINCT FROM p_new.group_id AND o.api IS NULL
      AND rollgate.sets_limit(o.per_minute, o.per_hour, o.factor) AND rollgate.in_force(o.starts_at, o.expires_at, v_at)
    ORDER BY rollgate.override_rank(o.group_id, o.api, o.subject, o.created_in) DESC LIMIT 1;
  END IF;
  IF NOT found THEN
    RETURN;
  END IF;
  filled.per_minute := coalesce(p_new.per_minute, v_kept.per_minute);
  filled.per_hour := coalesce(p_new.per_hour, v_kept.per_hour);
  -- Extending another person's grant counts as a grant of one's own.
  SELECT coalesce(o.expires_at, 'infinity') INTO v_until FROM rollgate.override o WHERE o.id = v_kept.source;
  IF v_until < coalesce(p_new.expires_at, 'infinity') THEN
    approved := filled;
  END IF;
END $$;

COMMENT ON FUNCTION rollgate.fill_override IS
  'An override with the limit it leaves out filled in, and the part of it that its author''s approval limit must cover';
