%%% The form of jabber:iq:register for those with a token: as it is shown, and as it comes back.
-module(mod_invited_form).

-export([submitted/1, prepared/1, shown/2]).

-include("xmpp.hrl").

-spec submitted(xmlel()) -> {Name :: binary() | undefined, Password :: binary() | undefined}.
submitted(El) ->
    Form = mod_invited_protocol:child(<<"x">>, ?NS_XDATA, El),
    Value = fun(Name) when Form =:= undefined -> mod_invited_protocol:text(mod_invited_protocol:child(Name, El));
               (Name) ->
                    case [Field || Field <- mod_invited_protocol:children(<<"field">>, Form),
                                   mod_invited_protocol:attribute(<<"var">>, Field) =:= Name] of
                        [Field | _] -> mod_invited_protocol:text(mod_invited_protocol:child(<<"value">>, Field));
                        [] -> undefined
                    end
            end,
    {Value(<<"username">>), Value(<<"password">>)}.

%% The name as Nodeprep has it.
-spec prepared(binary()) -> binary() | error.
prepared(Name) ->
    case jid:nodeprep(Name) of
        Prepared when is_binary(Prepared), Prepared =/= <<>> -> Prepared;
        _ -> error
    end.

%% Prefilled, where the name is fixed. Without the redirect that people without an invite may be shown.
-spec shown(iq(), #{username := binary() | undefined, kind := account | reset, _ => _}) -> iq().
shown(IQ, #{username := Username, kind := Kind}) ->
    Name = case Username of
               undefined -> <<>>;
               _ -> Username
           end,
    Instructions = case Kind of
                       reset -> <<"Choose a new password">>;
                       account -> <<"Choose a username and password to register with this server">>
                   end,
    Plain = [#xmlel{name = Tag, children = [{xmlcdata, Text} || Text =/= <<>>]}
             || {Tag, Text} <- [{<<"instructions">>, Instructions}, {<<"username">>, Name}, {<<"password">>, <<>>}]],
    Fields = [field(<<"FORM_TYPE">>, <<"hidden">>, undefined, ?NS_REGISTER), field(<<"username">>, <<"text-single">>, <<"Username">>, Name),
              field(<<"password">>, <<"text-private">>, <<"Password">>, <<>>)],
    Form = #xmlel{name = <<"x">>, attrs = [{<<"xmlns">>, ?NS_XDATA}, {<<"type">>, <<"form">>}],
                  children = [#xmlel{name = <<"instructions">>, children = [{xmlcdata, Instructions}]} | Fields]},
    xmpp:make_iq_result(IQ, #xmlel{name = <<"query">>, attrs = [{<<"xmlns">>, ?NS_REGISTER}], children = Plain ++ [Form]}).

field(Name, Type, Label, Value) ->
    #xmlel{name = <<"field">>,
           attrs = [{<<"var">>, Name}, {<<"type">>, Type} | [{<<"label">>, Label} || Label =/= undefined]],
           children = [#xmlel{name = <<"required">>} || Type =/= <<"hidden">>]
               ++ [#xmlel{name = <<"value">>, children = [{xmlcdata, Value}]} || Value =/= <<>>]}.
