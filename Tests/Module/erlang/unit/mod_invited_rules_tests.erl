-module(mod_invited_rules_tests).
-include_lib("eunit/include/eunit.hrl").

registration_test_() ->
    [?_assertEqual(Expected, mod_invited_rules:registration(Heard, Configured, IsOpen))
     || {Heard, Configured, IsOpen, Expected} <-
            [{invite, open, true, invite}, {open, invite, false, open}, {server, invite, true, invite}, {server, open, false, open},
             {server, server, true, open}, {server, server, false, invite}, {undefined, invite, true, invite},
             {undefined, server, true, open}, {undefined, server, false, invite}]].

versions_test_() ->
    [?_assertEqual(Fits, mod_invited_rules:is_compatible(Version))
     || {Version, Fits} <- [{<<"0">>, true}, {<<"1">>, true}, {<<"2">>, true}, {<<"3">>, false}, {<<"-1">>, false}, {<<"">>, false},
                            {<<"1.0">>, false}, {<<"x">>, false}, {undefined, false}, {<<"99999999999999999999">>, false}]].

tokens_and_names_test_() ->
    Long = fun(Length) -> binary:copy(<<"x">>, Length) end,
    [?_assert(mod_invited_rules:can_be_token(Long(1))), ?_assert(mod_invited_rules:can_be_token(Long(64))),
     ?_assertNot(mod_invited_rules:can_be_token(Long(65))), ?_assertNot(mod_invited_rules:can_be_token(<<>>)),
     ?_assertNot(mod_invited_rules:can_be_token(undefined)),
     ?_assert(mod_invited_rules:can_be_name(Long(1023))), ?_assertNot(mod_invited_rules:can_be_name(Long(1024))),
     ?_assertNot(mod_invited_rules:can_be_name(<<>>)), ?_assertNot(mod_invited_rules:can_be_name(undefined))].

refusal_test_() ->
    Away = mod_invited_rules:away(),
    [?_assertMatch({wait, 'resource-constraint', _}, Away),
     ?_assertEqual(Away, mod_invited_rules:refusal(away)),
     %% A suspended host and an unexpected condition are temporary errors, not a bad token.
     [?_assertEqual(Away, mod_invited_rules:refusal({error, cancel, Condition, <<"text">>}))
      || Condition <- ['service-unavailable', 'internal-server-error', 'forbidden', 'undefined-condition', 'feature-not-implemented']],
     ?_assertEqual({cancel, 'item-not-found', <<"gone">>}, mod_invited_rules:refusal({error, cancel, 'item-not-found', <<"gone">>})),
     %% The type is the condition's own: a client waits for `wait` alone.
     ?_assertEqual({wait, 'resource-constraint', <<"busy">>}, mod_invited_rules:refusal({error, cancel, 'resource-constraint', <<"busy">>})),
     ?_assertMatch({cancel, 'conflict', <<_, _/binary>>}, mod_invited_rules:refusal({error, cancel, 'conflict', <<>>}))].

creation_refusal_test_() ->
    [?_assertMatch({Type, Condition, <<_, _/binary>>}, mod_invited_rules:creation_refusal(Reason))
     || {Reason, Type, Condition} <-
            [{exists, cancel, 'conflict'}, {wait, wait, 'resource-constraint'}, {weak_password, modify, 'not-acceptable'},
             {invalid_password, modify, 'not-acceptable'}, {invalid_jid, modify, 'not-acceptable'}, {eaccess, cancel, 'not-allowed'},
             {not_allowed, cancel, 'not-allowed'}, {db_failure, wait, 'internal-server-error'}, {anything, wait, 'internal-server-error'}]].

settled_test_() ->
    [?_assert(mod_invited_rules:is_settled({result, undefined})),
     ?_assert(mod_invited_rules:is_settled({error, cancel, 'item-not-found', <<>>})),
     ?_assert(mod_invited_rules:is_settled({error, modify, 'bad-request', <<>>})),
     ?_assertNot(mod_invited_rules:is_settled({error, wait, 'resource-constraint', <<>>})),
     ?_assertNot(mod_invited_rules:is_settled({error, auth, 'forbidden', <<>>})),
     ?_assertNot(mod_invited_rules:is_settled(away))].

nodes_test_() ->
    [?_assertEqual(ours, mod_invited_rules:node_of(<<"urn:xmpp:invite#invite">>)),
     ?_assertEqual(ours, mod_invited_rules:node_of(<<"urn:xmpp:invite#create-account">>)),
     [?_assertEqual(other, mod_invited_rules:node_of(Node)) || Node <- [undefined, <<>>, <<"urn:xmpp:invite">>, <<"ping">>]]].

features_and_limits_test_() ->
    All = mod_invited_rules:features(#{register => true, commands => true, contacts => true}),
    None = mod_invited_rules:features(#{register => false, commands => false, contacts => false}),
    Limits = fun(Makes, Allows, Open, Guards) ->
                     mod_invited_rules:limits(#{makes_accounts => Makes, allows_us => Allows, is_open => Open, guards_all => Guards})
             end,
    [?_assertEqual([<<"register">>, <<"commands">>, <<"subscribe">>, <<"accounts">>, <<"contacts">>, <<"notices">>, <<"guard">>], All),
     ?_assertEqual([<<"notices">>, <<"guard">>], None),
     ?_assertEqual([], Limits(true, true, false, true)),
     [?_assertEqual(Count, length(Limits(Makes, Allows, Open, Guards)))
      || {Count, Makes, Allows, Open, Guards} <- [{1, false, false, false, true}, {1, true, false, false, true}, {1, true, true, true, true},
                                                  {1, true, true, false, false}, {3, true, false, true, false}]],
     %% The schema's longest text.
     [?_assert(byte_size(Text) =< 256) || Text <- Limits(false, false, true, false) ++ Limits(true, false, true, false)]].

limit_passed_test_() ->
    %% Mod_register keeps the time as a negative priority, in milliseconds.
    Passed = fun(Since, Timeout) -> mod_invited_rules:limit_passed({ok, -(1000000 - Since)}, 1000000, Timeout) end,
    [?_assertNot(Passed(0, 600)), ?_assertNot(Passed(599, 600)), ?_assertNot(Passed(600, 600)), ?_assert(Passed(601, 600)),
     ?_assert(Passed(0, infinity)), ?_assert(mod_invited_rules:limit_passed(error, 1000000, 600))].
