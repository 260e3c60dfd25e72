%%% Tokens for a new password, on streams before login.
-module(mod_invited_reset).

-export([submitted/4, continued/4]).

-export_type([step/0]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(KEY, mod_invited).
%% Longer than a question may take.
-define(STEP_TIMEOUT, 15000).

-type step() :: {reset, reference(), Timer :: reference(), iq()}.

%% The form has come.
-spec submitted(xmlel(), iq(), mod_invited_stream:attempt(), ejabberd_c2s:state()) -> {stop, ejabberd_c2s:state()}.
submitted(El, IQ, #{id := Id, token := Token, found := #{username := Fixed, checked := Checked}} = Attempt, #{lserver := Host} = Stream) ->
    {Name, Password} = mod_invited_form:submitted(El),
    Username = case is_binary(Name) of
                   true -> mod_invited_form:prepared(Name);
                   false -> error
               end,
    if Username =:= error; Username =/= Fixed ->
            mod_invited_answer:refused(IQ, {modify, 'not-acceptable', <<"This invite is for another account.">>}, Stream);
       not is_binary(Password) -> mod_invited_answer:refused(IQ, {modify, 'bad-request', <<"The password is missing.">>}, Stream);
       true ->
            case {mod_invited_accounts:exists(Host, Username), mod_invited_accounts:refusal(Host, Username, Password, reset)} of
                {false, _} -> mod_invited_answer:refused(IQ, {cancel, 'item-not-found', <<"There is no such account.">>}, Stream);
                {true, none} ->
                    Spend = mod_invited_protocol:element(<<"spend">>, [{<<"token">>, Token}, {<<"attempt">>, Id},
                                                                       {<<"username">>, Username}, {<<"checked">>, Checked}]),
                    {Reference, Timer} = spawn_reset(Host, Username, Spend, mod_invited_answer:secret(Password), Id),
                    {stop, Stream#{?KEY => Attempt#{step := {reset, Reference, Timer, IQ}}}};
                {true, Refusal} -> mod_invited_answer:refused(IQ, mod_invited_rules:creation_refusal(Refusal), Stream)
            end
    end.

spawn_reset(Host, Username, Spend, Password, Id) ->
    Stream = self(),
    Reference = make_ref(),
    _ = spawn(fun() ->
                      Outcome = try mod_invited_accounts:reset(Host, Username, Spend, Password())
                                catch _:_ ->
                                        ?ERROR_MSG("The reset of the password of ~ts at ~ts failed", [Username, Host]),
                                        {error, mod_invited_rules:creation_refusal(crashed)}
                                end,
                      Stream ! {mod_invited_reset, Reference, Outcome}
              end),
    {Reference, erlang:send_after(?STEP_TIMEOUT, Stream, {mod_invited_late, Id})}.

-spec continued(step(), tuple(), mod_invited_stream:attempt(), ejabberd_c2s:state()) -> ejabberd_c2s:state().
continued({reset, Reference, Timer, IQ}, {mod_invited_reset, Reference, Outcome}, Attempt, Stream) ->
    erlang:cancel_timer(Timer),
    case Outcome of
        ok -> mod_invited_answer:send(xmpp:make_iq_result(IQ), Stream#{?KEY => Attempt#{step := none, done := true}});
        {error, Refusal} -> mod_invited_answer:refuse(IQ, Refusal, Stream#{?KEY => Attempt#{step := none}})
    end;
continued({reset, _, _, IQ}, {mod_invited_late, Id}, #{id := Id} = Attempt, Stream) ->
    mod_invited_answer:refuse(IQ, mod_invited_rules:creation_refusal(late), Stream#{?KEY => Attempt#{step := none}});
continued(_, _, _, Stream) -> Stream. % too late
