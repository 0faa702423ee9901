-- Refuses an assignment that is invalid or above its author's approval limit: each limit of the plan counts like an override as long as
-- the assignment.
CREATE OR REPLACE FUNCTION rollgate.settle_assignment(p_new rollgate.plan_assignment, p_by rollgate.author, p_now timestamptz) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_later rollgate.plan_assignment;
  v_limit rollgate.plan_limit;
  v_as    rollgate.override;
BEGIN
  PERFORM rollgate.refuse_internal(p_new.account);
  IF NOT rollgate.unexpired(p_new.ends_at, p_now) THEN
    RAISE EXCEPTION 'ends_at: % is in the past.', rollgate.utc(p_new.ends_at) USING ERRCODE = 'RG422';
  END IF;
  IF p_new.ends_at <= p_new.starts_at THEN
    RAISE EXCEPTION 'The end date must be after the start date.' USING ERRCODE = 'RG422';
  END IF;
  SELECT * INTO v_later FROM rollgate.plan_assignment a
  WHERE a.account = p_new.account AND a.id IS DISTINCT FROM p_new.id
    AND a.starts_at >= p_new.starts_at AND (p_new.ends_at IS NULL OR a.starts_at < p_new.ends_at)
    AND rollgate.unexpired(a.ends_at, p_now)
  ORDER BY a.starts_at LIMIT 1;
  IF found THEN
    RAISE EXCEPTION 'The account has the plan "%" from % on. End that assignment, or let this one end by then.', v_later.plan,
      rollgate.utc(v_later.starts_at) USING ERRCODE = 'RG409';
  END IF;
  v_as.account := p_new.account;
  v_as.expires_at := p_new.ends_at;
  PERFORM rollgate.check_ceiling(v_as, p_by);
  FOR v_limit IN SELECT l.* FROM rollgate.plan_limit l JOIN rollgate.least_default d
    ON d.group_id IS NOT DISTINCT FROM l.group_id AND d.api IS NOT DISTINCT FROM l.api WHERE l.plan = p_new.plan
  LOOP
    v_as.group_id := v_limit.group_id;
    v_as.api := v_limit.api;
    v_as.per_minute := v_limit.per_minute;
    v_as.per_hour := v_limit.per_hour;
    v_as.factor := v_limit.factor;
    PERFORM rollgate.check_ceiling(v_as, p_by);
  END LOOP;
  PERFORM rollgate.check_assigned_ceiling(p_new, p_by, p_now);
END $$;

COMMENT ON FUNCTION rollgate.settle_assignment IS
  'Refuses an assignment. Errors: RG403 above the approval limit, RG404, RG409 a later assignment, RG422';
