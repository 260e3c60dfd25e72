%%% What mod_invited and the daemon say to each other, as docs/server-module.md has it: written and read, and nothing else.
-module(mod_invited_protocol).

-compile({no_auto_import, [element/2]}).

-export([version/0, namespace/0, element/2, element/3, hello/5, confirmation/1, child/2, child/3, attribute/2, text/1, children/2,
         is_attempt_id/1, heard/1, checked/1, envelope/1, opened/1, preauth/1, shortened/1, utc/1]).

-include("xmpp.hrl").

-define(NS, <<"urn:invited:server-module:1">>).
-define(NS_FORWARDED, <<"urn:xmpp:forward:0">>).
-define(NS_ENVELOPE, <<"urn:xmpp:delegation:2">>).
-define(NS_PREAUTH, <<"urn:xmpp:pars:0">>).

-type settings() :: #{registration := invite | open | server, held := [binary()], version => binary()}.
-export_type([settings/0]).

-spec version() -> pos_integer().
version() -> 1.

-spec namespace() -> binary().
namespace() -> ?NS.

%% An element of the protocol. Attributes without a value are left out.
-spec element(binary(), [{binary(), binary() | undefined}]) -> xmlel().
element(Name, Attributes) -> element(Name, Attributes, []).

-spec element(binary(), [{binary(), binary() | undefined}], [xmlel()]) -> xmlel().
element(Name, Attributes, Children) ->
    #xmlel{name = Name, attrs = [{<<"xmlns">>, ?NS} | [Each || {_, Value} = Each <- Attributes, Value =/= undefined]],
           children = Children}.

-spec hello(binary(), binary(), [binary()], [{binary(), binary()}], [binary()]) -> xmlel().
hello(Module, Server, Features, Rules, Limits) ->
    element(<<"hello">>, [{<<"version">>, integer_to_binary(version())}, {<<"module">>, Module}, {<<"server">>, Server}],
            [#xmlel{name = <<"feature">>, attrs = [{<<"name">>, Name}]} || Name <- Features]
            ++ [#xmlel{name = <<"rules">>, attrs = Rules}]
            ++ [#xmlel{name = <<"limit">>, children = [{xmlcdata, Text}]} || Text <- Limits]).

-spec confirmation(#{token := binary(), attempt := binary(), username := binary(), _ => _}) -> xmlel().
confirmation(#{token := Token, attempt := Attempt, username := Username}) ->
    element(<<"confirm">>, [{<<"token">>, Token}, {<<"attempt">>, Attempt}, {<<"username">>, Username}]).

%% The first child of this name; and of this namespace.
-spec child(binary(), xmlel()) -> xmlel() | undefined.
child(Name, #xmlel{children = Children}) ->
    case [El || #xmlel{name = Found} = El <- Children, Found =:= Name] of
        [El | _] -> El;
        [] -> undefined
    end.

-spec child(binary(), binary(), xmlel()) -> xmlel() | undefined.
child(Name, Namespace, #xmlel{children = Children}) ->
    case [El || #xmlel{name = Found} = El <- Children, Found =:= Name, attribute(<<"xmlns">>, El) =:= Namespace] of
        [El | _] -> El;
        [] -> undefined
    end.

-spec children(binary(), xmlel()) -> [xmlel()].
children(Name, #xmlel{children = Children}) ->
    [El || #xmlel{name = Found} = El <- Children, Found =:= Name].

-spec attribute(binary(), xmlel()) -> binary() | undefined.
attribute(Name, #xmlel{attrs = Attributes}) -> proplists:get_value(Name, Attributes).

-spec text(xmlel() | undefined) -> binary() | undefined.
text(undefined) -> undefined;
text(#xmlel{} = El) -> fxml:get_tag_cdata(El).

%% 16 to 64 of [A-Za-z0-9].
-spec is_attempt_id(binary()) -> boolean().
is_attempt_id(Id) -> re:run(Id, <<"^[A-Za-z0-9]{16,64}\\z">>, [{capture, none}]) =:= match.

%% What is said of the host: in the answer to a hello, or later.
-spec heard(xmlel()) -> settings() | malformed.
heard(El) ->
    Held = lists:usort([Name || Each <- children(<<"held">>, El), Name <- [attribute(<<"username">>, Each)], is_binary(Name)]),
    Heard = #{held => Held, version => attribute(<<"version">>, El)},
    case attribute(<<"registration">>, El) of
        <<"invite">> -> Heard#{registration => invite};
        <<"open">> -> Heard#{registration => open};
        <<"server">> -> Heard#{registration => server};
        _ -> malformed
    end.

%% What a token was found to be.
-spec checked(xmlel() | undefined) -> #{kind := account | reset, username := binary() | undefined, checked := binary() | undefined}
                                    | malformed.
checked(#xmlel{name = <<"check">>} = El) ->
    Found = #{username => attribute(<<"username">>, El), checked => attribute(<<"checked">>, El)},
    case attribute(<<"kind">>, El) of
        <<"reset">> -> Found#{kind => reset};
        Kind when is_binary(Kind) -> Found#{kind => account};
        undefined -> malformed
    end;
checked(_) -> malformed.

%% XEP-0355 §4.3.
-spec envelope(xmlel()) -> xmlel().
envelope(#xmlel{name = <<"iq">>, attrs = Attributes} = IQ) ->
    Inner = IQ#xmlel{attrs = lists:keystore(<<"xmlns">>, 1, Attributes, {<<"xmlns">>, ?NS_CLIENT})},
    #xmlel{name = <<"delegation">>, attrs = [{<<"xmlns">>, ?NS_ENVELOPE}],
           children = [#xmlel{name = <<"forwarded">>, attrs = [{<<"xmlns">>, ?NS_FORWARDED}], children = [Inner]}]}.

%% What is in the envelope that came back: the type of the answer, and its payload.
-spec opened(xmlel() | undefined) -> {result | error, [xmlel()]} | malformed.
opened(#xmlel{name = <<"delegation">>} = El) ->
    case child(<<"forwarded">>, ?NS_FORWARDED, El) of
        undefined -> malformed;
        Forwarded ->
            case child(<<"iq">>, ?NS_CLIENT, Forwarded) of
                undefined -> malformed;
                #xmlel{children = Children} = IQ ->
                    Payload = [plain(Each) || #xmlel{} = Each <- Children],
                    case attribute(<<"type">>, IQ) of
                        <<"result">> -> {result, Payload};
                        <<"error">> -> {error, Payload};
                        _ -> malformed
                    end
            end
    end;
opened(_) -> malformed.

%% Without a namespace that the stanza has by itself.
plain(#xmlel{attrs = Attributes} = El) ->
    El#xmlel{attrs = [Each || Each <- Attributes, Each =/= {<<"xmlns">>, ?NS_CLIENT}]}.

%% The token in a stanza's payload, where there is the element of XEP-0379; `none` without a value.
-spec preauth([xmlel()]) -> {token, binary()} | none.
preauth(Elements) ->
    case [El || #xmlel{name = <<"preauth">>} = El <- Elements, attribute(<<"xmlns">>, El) =:= ?NS_PREAUTH] of
        [El | _] ->
            case attribute(<<"token">>, El) of
                undefined -> none;
                Token -> {token, Token}
            end;
        [] -> none
    end.

%% At most 200 bytes, and no half of a character, which would end the component's stream.
-spec shortened(binary()) -> binary().
shortened(Text) when byte_size(Text) =< 200 -> Text;
shortened(Text) -> whole(binary:part(Text, 0, 200)).

whole(Text) ->
    case unicode:characters_to_binary(Text) of
        Whole when is_binary(Whole) -> Whole;
        {_, Whole, _} -> Whole
    end.

%% Seconds since 1970 as XEP-0082 writes them.
-spec utc(integer()) -> binary().
utc(Seconds) -> list_to_binary(calendar:system_time_to_rfc3339(Seconds, [{offset, "Z"}])).
