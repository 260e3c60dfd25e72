-module(mod_invited_protocol_tests).
-include_lib("eunit/include/eunit.hrl").
-include("xmpp.hrl").

-define(NS, <<"urn:invited:server-module:1">>).

xml(Text) -> fxml_stream:parse_element(Text).

heard_test_() ->
    Heard = fun(Text) -> mod_invited_protocol:heard(xml(Text)) end,
    [?_assertEqual(#{registration => invite, held => [<<"juliet">>, <<"romeo">>], version => <<"1">>},
                   Heard(<<"<hello xmlns='urn:invited:server-module:1' version='1' registration='invite' colour='red'><held username='romeo'/>"
                           "<held username='juliet'/><held username='juliet'/><held/><news/>text</hello>">>)),
     ?_assertEqual(#{registration => open, held => [], version => undefined},
                   Heard(<<"<settings xmlns='urn:invited:server-module:1' registration='open'/>">>)),
     [?_assertEqual(malformed, Heard(Text))
      || Text <- [<<"<settings/>">>, <<"<settings registration='closed'/>">>, <<"<settings registration=''/>">>]]].

checked_test_() ->
    Checked = fun(Text) -> mod_invited_protocol:checked(xml(Text)) end,
    [?_assertEqual(#{kind => account, username => <<"juliet">>, checked => <<"now">>},
                   Checked(<<"<check kind='account-and-contact' username='juliet' checked='now'/>">>)),
     ?_assertEqual(#{kind => reset, username => undefined, checked => undefined}, Checked(<<"<check kind='reset'/>">>)),
     ?_assertEqual(malformed, Checked(<<"<check/>">>)), ?_assertEqual(malformed, Checked(<<"<reserve kind='account'/>">>)),
     ?_assertEqual(malformed, mod_invited_protocol:checked(undefined))].

attempt_ids_test_() ->
    Is = fun mod_invited_protocol:is_attempt_id/1,
    [?_assert(Is(mod_invited_accounts:random_id())), ?_assertNotEqual(mod_invited_accounts:random_id(), mod_invited_accounts:random_id()),
     ?_assert(Is(binary:copy(<<"a">>, 64))), ?_assertNot(Is(binary:copy(<<"a">>, 65))), ?_assertNot(Is(binary:copy(<<"a">>, 15))),
     ?_assertNot(Is(<<"0123456789abcde\n">>)), ?_assertNot(Is(<<"0123456789abcdef\n">>))].

hello_test() ->
    ?assertEqual(<<"<hello xmlns='urn:invited:server-module:1' version='1' module='m' server='s'><feature name='guard'/>"
                   "<rules registration='open' encryption='optional'/><limit>&lt;none&gt;</limit></hello>">>,
                 fxml:element_to_binary(
                   mod_invited_protocol:hello(<<"m">>, <<"s">>, [<<"guard">>],
                                              [{<<"registration">>, <<"open">>}, {<<"encryption">>, <<"optional">>}], [<<"<none>">>]))).

confirmation_test() ->
    ?assertEqual(<<"<confirm xmlns='urn:invited:server-module:1' token='t' attempt='a' username='u'/>">>,
                 fxml:element_to_binary(mod_invited_protocol:confirmation(#{what => confirm, token => <<"t">>, attempt => <<"a">>,
                                                                            username => <<"u">>}))).

attributes_without_value_test() ->
    ?assertEqual(#xmlel{name = <<"exists">>, attrs = [{<<"xmlns">>, ?NS}, {<<"account">>, <<"absent">>}]},
                 mod_invited_protocol:element(<<"exists">>, [{<<"account">>, <<"absent">>}, {<<"created">>, undefined}])).

envelope_test_() ->
    IQ = xml(<<"<iq type='set' id='1' from='a@x/y' to='x'><command xmlns='http://jabber.org/protocol/commands' node='n'/></iq>">>),
    Envelope = mod_invited_protocol:envelope(IQ),
    Answered = fun(Text) -> mod_invited_protocol:opened(xml(Text)) end,
    [?_assertEqual(<<"<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                     "<iq type='set' id='1' from='a@x/y' to='x' xmlns='jabber:client'>"
                     "<command xmlns='http://jabber.org/protocol/commands' node='n'/></iq></forwarded></delegation>">>,
                   fxml:element_to_binary(Envelope)),
     ?_assertEqual(malformed, mod_invited_protocol:opened(Envelope)), % a request is no answer
     ?_assertMatch({result, [#xmlel{name = <<"a">>}]},
                   Answered(<<"<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                              "<iq xmlns='jabber:client' type='result'> <a/> </iq></forwarded></delegation>">>)),
     %% An element in the namespace of its own stream has none when it is serialized for another stream.
     ?_assertEqual({error, [#xmlel{name = <<"error">>, attrs = [{<<"type">>, <<"auth">>}]}]},
                   Answered(<<"<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                              "<iq xmlns='jabber:client' type='error'><error xmlns='jabber:client' type='auth'/></iq></forwarded></delegation>">>)),
     [?_assertEqual(malformed, Answered(Text))
      || Text <- [<<"<delegation/>">>, <<"<other/>">>, <<"<delegation><forwarded xmlns='urn:xmpp:forward:0'/></delegation>">>,
                  <<"<delegation><forwarded><iq xmlns='jabber:client' type='result'/></forwarded></delegation>">>,
                  <<"<delegation><forwarded xmlns='urn:xmpp:forward:0'><iq type='result'/></forwarded></delegation>">>]],
     ?_assertEqual(malformed, mod_invited_protocol:opened(undefined))].

preauth_test_() ->
    Preauth = fun(Texts) -> mod_invited_protocol:preauth([xml(Text) || Text <- Texts]) end,
    [?_assertEqual({token, <<"t">>}, Preauth([<<"<x/>">>, <<"<preauth xmlns='urn:xmpp:pars:0' token='t'/>">>])),
     ?_assertEqual(none, Preauth([])), ?_assertEqual(none, Preauth([<<"<preauth xmlns='urn:xmpp:pars:0'/>">>])),
     ?_assertEqual(none, Preauth([<<"<preauth token='t'/>">>]))].

shortened_test_() ->
    Shortened = fun mod_invited_protocol:shortened/1,
    Long = binary:copy(<<"ä"/utf8>>, 150),
    [?_assertEqual(<<"short">>, Shortened(<<"short">>)),
     ?_assertEqual(binary:copy(<<"ä"/utf8>>, 100), Shortened(Long)),
     %% No half of a character.
     ?_assertEqual(<<"a", (binary:copy(<<"ä"/utf8>>, 99))/binary>>, Shortened(<<"a", Long/binary>>)),
     ?_assertEqual(200, byte_size(Shortened(binary:copy(<<"x">>, 1000))))].

utc_test() -> ?assertEqual(<<"2026-11-28T18:00:01Z">>, mod_invited_protocol:utc(1795888801)).
