%%% Streams before login: the hooks, and what a token was found to be (XEP-0445).
%%%
%%% No stream's process waits. While a question is out, what the client sends of ours stands in a short queue, and the answer comes as a
%%% message. A hook that crashes has ejabberd log all it was given, so each catches what happens in it.
-module(mod_invited_stream).

-export([features/2, unauthenticated_packet/2, handle_info/2, stream_started/2, auth_result/3]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(KEY, mod_invited).
-define(PASSED, mod_invited_passed).
-define(MOST_QUEUED, 5).
-define(FORM_TIMEOUT, 300000).

-export_type([attempt/0]).

%% What a stream's token was found to be, and what is under way.
-type attempt() :: #{id := binary(), token := binary() | undefined,
                     found := none | unavailable | #{kind := account | reset, username := binary() | undefined, checked := binary() | undefined},
                     done := boolean(), step := none | step(), queue := [iq()]}.
-type step() :: {checking, mod_invited_question:question(), iq(), attempt()} | mod_invited_registration:step() | mod_invited_reset:step().
-type stream() :: ejabberd_c2s:state().

-spec features([xmpp_element() | xmlel()], binary()) -> [xmpp_element() | xmlel()].
features(Acc, Host) ->
    try mod_invited_accounts:can_register(Host) of
        true ->
            [#xmlel{name = <<"register">>, attrs = [{<<"xmlns">>, Namespace}]}
             || Namespace <- [<<"urn:xmpp:invite">>, <<"urn:xmpp:ibr-token:0">>]] ++ Acc;
        false -> Acc
    catch _:_ -> Acc
    end.

-spec unauthenticated_packet(stream(), xmpp_element()) -> stream() | {stop, stream()}.
unauthenticated_packet(Stream, #iq{type = Type, sub_els = [Payload]} = IQ) when Type =:= get; Type =:= set ->
    try {xmpp:get_meta(IQ, ?PASSED, false), xmpp:encode(Payload)} of
        {true, _} -> Stream;
        {false, #xmlel{name = <<"preauth">>} = El} -> ours(preauth, <<"urn:xmpp:pars:0">>, El, IQ, Stream);
        {false, #xmlel{name = <<"query">>} = El} -> ours(register, ?NS_REGISTER, El, IQ, Stream);
        _ -> Stream
    catch _:_ -> Stream
    end;
unauthenticated_packet(Stream, _) -> Stream.

ours(Kind, Namespace, El, IQ, Stream) ->
    case mod_invited_protocol:attribute(<<"xmlns">>, El) of
        Namespace ->
            try received(Kind, El, IQ, Stream)
            catch _:_ -> {stop, crashed(IQ, Stream)}
            end;
        _ -> Stream
    end.

-spec handle_info(stream(), term()) -> stream() | {stop, stream()}.
handle_info(Stream, Message) when element(1, Message) =:= mod_invited_answer; element(1, Message) =:= mod_invited_owed;
                                  element(1, Message) =:= mod_invited_confirmed; element(1, Message) =:= mod_invited_reset;
                                  element(1, Message) =:= mod_invited_late ->
    #{step := Step} = Attempt = attempt(Stream),
    try {stop, queued(continued(Step, Message, Attempt, Stream))}
    catch _:_ -> {stop, crashed(iq_of(Step), Stream)}
    end;
handle_info(Stream, _) -> Stream.

%% A stream's restart, with TLS or without, ends what was bound to it before.
stream_started(Stream, _) -> forget(Stream).

auth_result(Stream, true, _) -> forget(Stream);
auth_result(Stream, _, _) -> Stream.

forget(#{?KEY := #{step := Step, id := Id}, lserver := Host} = Stream) ->
    try Step of
        none -> ok;
        {checking, Question, _, _} -> mod_invited_question:close(Host, Question, called_off);
        {reset, _, _, _} -> ok; % it goes on
        _ -> mod_invited_registration:abandoned(Step, Host, Id)
    catch _:_ -> ok
    end,
    maps:remove(?KEY, Stream);
forget(Stream) -> Stream.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What comes

-spec attempt(stream()) -> attempt().
attempt(#{?KEY := Attempt}) -> Attempt;
attempt(_) -> new(undefined, <<>>).

new(Token, Id) -> #{id => Id, token => Token, found => none, done => false, step => none, queue => []}.

received(Kind, El, IQ, #{lserver := Host} = Stream) ->
    #{step := Step, queue := Queue, done := Done, found := Found} = Attempt = attempt(Stream),
    IsForHost = is_for(IQ#iq.to, Host),
    if not IsForHost ->
            %% A stream of one host may address another: it then has neither that one's token nor its rules.
            mod_invited_answer:refused(IQ, {cancel, 'not-allowed', <<"This stream is not for that host.">>}, Stream);
       Step =/= none, length(Queue) >= ?MOST_QUEUED ->
            mod_invited_answer:refused(IQ, {wait, 'resource-constraint', <<"One thing after the other.">>}, Stream);
       Step =/= none -> {stop, Stream#{?KEY => Attempt#{queue := Queue ++ [IQ]}}};
       Kind =:= preauth -> preauth(El, IQ, Attempt, Stream);
       true ->
            IsRemoval = mod_invited_protocol:child(<<"remove">>, El) =/= undefined,
            case IQ#iq.type of
                _ when IsRemoval -> mod_invited_answer:refused(IQ, {auth, 'forbidden', <<"Access denied by service policy">>}, Stream);
                _ when Done -> mod_invited_answer:refused(IQ, {cancel, 'not-allowed', <<"This stream has used an invite already.">>}, Stream);
                get when is_map(Found) -> {stop, mod_invited_answer:send(mod_invited_form:shown(IQ, Found), Stream)};
                get -> Stream;
                set when Found =:= unavailable -> mod_invited_answer:refused(IQ, mod_invited_rules:away(), Stream);
                set when Found =:= none -> mod_invited_registration:without_token(El, IQ, Attempt, Stream);
                set when map_get(kind, Found) =:= reset -> mod_invited_reset:submitted(El, IQ, Attempt, Stream);
                set -> mod_invited_registration:with_token(El, IQ, Attempt, Stream)
            end
    end.

is_for(undefined, _) -> true;
is_for(#jid{luser = <<>>, lserver = Host}, Host) -> true;
is_for(_, _) -> false.

preauth(El, #iq{type = Type} = IQ, #{done := Done, token := Before, queue := Queue} = Attempt, #{lserver := Host} = Stream) ->
    Token = mod_invited_protocol:attribute(<<"token">>, El),
    CanBe = Type =:= set andalso mod_invited_rules:can_be_token(Token),
    if Done -> mod_invited_answer:refused(IQ, {cancel, 'not-allowed', <<"This stream has used an invite already.">>}, Stream);
       not CanBe -> mod_invited_answer:refused(IQ, {modify, 'bad-request', <<"This cannot be a token.">>}, Stream);
       true ->
            #{id := Id} = Next = case Before of
                                     Token -> Attempt#{found := none};
                                     _ -> (new(Token, mod_invited_accounts:random_id()))#{queue := Queue}
                                 end,
            Check = mod_invited_protocol:element(<<"check">>, [{<<"token">>, Token}, {<<"attempt">>, Id}]),
            case mod_invited_question:ask(Host, get, Check, self()) of
                {asked, Question} -> {stop, Stream#{?KEY => Attempt#{step := {checking, Question, IQ, Next}}}};
                away -> {stop, checked(away, IQ, Next, Stream)}
            end
    end.

checked({result, El}, IQ, Attempt, Stream) ->
    case mod_invited_protocol:checked(El) of
        malformed -> checked(away, IQ, Attempt, Stream);
        Found ->
            %% A client with a good token gets time for the form. ejabberd counts from the beginning of the stream.
            Timely = ejabberd_c2s:set_timeout(Stream#{?KEY => Attempt#{found := Found}}, ?FORM_TIMEOUT),
            mod_invited_answer:send(xmpp:make_iq_result(IQ), Timely)
    end;
checked(Answer, IQ, Attempt, Stream) ->
    {_, Condition, _} = Refusal = mod_invited_rules:refusal(Answer),
    %% A client that goes on without its token must not end up with an account that its invite knows nothing of.
    Found = case Condition of
                'resource-constraint' -> unavailable;
                _ -> none
            end,
    mod_invited_answer:refuse(IQ, Refusal, Stream#{?KEY => Attempt#{found := Found}}).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What goes on

-spec continued(none | step(), tuple(), attempt(), stream()) -> stream().
continued({checking, {Id, _} = Question, IQ, Next}, {mod_invited_answer, Id, Answer}, #{queue := Queue}, #{lserver := Host} = Stream) ->
    mod_invited_question:close(Host, Question, Answer),
    checked(Answer, IQ, Next#{queue := Queue}, Stream);
continued({checking, _, _, _}, _, _, Stream) -> Stream; % too late
continued(none, _, _, Stream) -> Stream;
continued({reset, _, _, _} = Step, Message, Attempt, Stream) -> mod_invited_reset:continued(Step, Message, Attempt, Stream);
continued(Step, Message, Attempt, Stream) -> mod_invited_registration:continued(Step, Message, Attempt, Stream).

%% What has waited.
queued(#{?KEY := #{step := none, queue := [IQ | Rest]} = Attempt} = Stream) ->
    queued(mod_invited_answer:again(IQ, Stream#{?KEY => Attempt#{queue := Rest}}));
queued(Stream) -> Stream.

-spec iq_of(none | step()) -> none | iq().
iq_of(none) -> none;
iq_of({checking, _, IQ, _}) -> IQ;
iq_of(Step) -> element(tuple_size(Step), Step).

crashed(none, Stream) -> Stream;
crashed(IQ, #{lserver := Host} = Stream) ->
    ?ERROR_MSG("A registration at ~ts could not be handled", [Host]),
    Idle = case Stream of
               #{?KEY := Attempt} -> Stream#{?KEY => Attempt#{step := none, queue := []}};
               _ -> Stream
           end,
    mod_invited_answer:send(mod_invited_service:error_of(IQ, {wait, 'internal-server-error', <<>>}), Idle).
