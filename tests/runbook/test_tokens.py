"""Who may speak to us."""

from datetime import timedelta

import pytest

from staging_gate.runbook import tokens
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World


def test_a_token_speaks_for_its_person_with_the_roles_of_the_policy(world: World) -> None:
    token, secret = tokens.create(world.ports, "tess", world.person("root"), label="laptop")
    actor = tokens.authenticate(world.ports, secret)

    assert actor and (actor.name, actor.roles) == ("tess", frozenset({"tech_lead"}))
    assert (token.created_by, token.label) == ("root", "laptop")
    assert ("root", "token created", "laptop") in world.record(token.id)


def test_only_the_hash_is_kept(world: World) -> None:
    token, secret = tokens.create(world.ports, "tess", world.person("root"))

    assert secret.startswith("sgt_")
    with world.store.reading() as tx:
        kept = [*tx.tokens.all(), *tx.audit_log.entries()]
    assert token in kept
    assert secret not in repr(kept)


def test_roles_follow_the_policy_of_now(world: World) -> None:
    _, secret = tokens.create(world.ports, "ben", world.person("root"))
    main = world.revision("main").commit
    text = gate_yaml(roles={"tech_lead": ["tess", "ben"], "stakeholder": ["stan"]})
    commit = world.repository.commit(main, {"gate.yaml": text}, "chore: rules", "root", world.clock.now())
    world.repository.move("refs/heads/main", commit)
    actor = tokens.authenticate(world.ports, secret)

    assert actor and actor.roles == {"tech_lead"}


def test_a_token_may_carry_roles_of_its_own(world: World) -> None:
    _, secret = tokens.create(world.ports, "ci", world.person("root"), roles=("devops",))
    actor = tokens.authenticate(world.ports, secret)

    assert actor and actor.roles == {"devops"}


def test_a_token_expires(world: World) -> None:
    _, secret = tokens.create(world.ports, "ada", world.person("ada"), lasts=timedelta(days=7))

    assert tokens.authenticate(world.ports, secret)
    world.advance(days=6, hours=23)
    assert tokens.authenticate(world.ports, secret)
    world.advance(hours=1)
    assert tokens.authenticate(world.ports, secret) is None


def test_a_token_that_expires_makes_none_that_outlives_it(world: World) -> None:
    first, secret = tokens.create(world.ports, "ada", world.person("ada"), lasts=timedelta(days=7))
    ada = tokens.authenticate(world.ports, secret)
    assert ada and ada.until == first.expires_at

    lasting, _ = tokens.create(world.ports, "ada", ada)
    longer, _ = tokens.create(world.ports, "ada", ada, lasts=timedelta(days=30))
    shorter, _ = tokens.create(world.ports, "ada", ada, lasts=timedelta(days=1))

    assert lasting.expires_at == longer.expires_at == first.expires_at
    assert shorter.expires_at == shorter.created_at + timedelta(days=1)


def test_a_revoked_token_is_worth_nothing(world: World) -> None:
    token, secret = tokens.create(world.ports, "ada", world.person("root"))
    tokens.revoke(world.ports, token.id, world.person("ada"))

    assert tokens.authenticate(world.ports, secret) is None
    assert ("ada", "token revoked", "") in world.record(token.id)


def test_who_left_the_policy_is_let_in_no_more(world: World) -> None:
    _, secret = tokens.create(world.ports, "cleo", world.person("root"))
    main = world.revision("main").commit
    text = gate_yaml(people=("ada", "ben", "tess", "stan", "dora"))
    commit = world.repository.commit(main, {"gate.yaml": text}, "chore: rules", "root", world.clock.now())
    world.repository.move("refs/heads/main", commit)

    assert tokens.authenticate(world.ports, secret) is None


@pytest.mark.parametrize("secret", ["", "sgt_", "sgt_wrong", "tess"])
def test_anything_else_is_nobody(world: World, secret: str) -> None:
    tokens.create(world.ports, "tess", world.person("root"))

    assert tokens.authenticate(world.ports, secret) is None


def test_people_make_tokens_for_themselves_and_administrators_for_all(world: World) -> None:
    ada = world.person("ada")

    assert tokens.create(world.ports, "ada", ada)
    for person, roles in (("ben", ()), ("ada", ("devops",))):
        with pytest.raises(Unusable, match="Only an administrator makes tokens for others, or with roles of their own"):
            tokens.create(world.ports, person, ada, roles=roles)


def test_a_stranger_is_told_how_to_be_let_in(world: World) -> None:
    with pytest.raises(Unusable) as no:
        tokens.create(world.ports, "eve", world.person("root"))

    assert str(no.value) == (
        "'eve' is not among the people of gate.yaml (ada, ben, cleo, tess, stan, dora). Add them there first."
    )


@pytest.mark.parametrize("name", ["staging-gate", "ci <tess>", "a\nb", "-x", "", "é" * 3])
def test_nobody_is_called_so(world: World, name: str) -> None:
    """Names are written into the record, into git's log of pushes, and on terminals; ours is for what we do."""
    with pytest.raises(Unusable, match="can not be a name: letters, digits and . _ - are, and staging-gate is our own"):
        tokens.create(world.ports, name, world.person("root"), roles=["devops"])


def test_nobody_revokes_the_tokens_of_others(world: World) -> None:
    token, secret = tokens.create(world.ports, "ada", world.person("root"))
    with pytest.raises(Unusable, match="Only an administrator revokes the tokens of others."):
        tokens.revoke(world.ports, token.id, world.person("ben"))
    with pytest.raises(Unknown, match="There is no token 1234. `gate token list` shows them."):
        tokens.revoke(world.ports, "1234", world.person("root"))

    assert tokens.authenticate(world.ports, secret)
